import t from 'tap'
import { silentLog } from '../../../agent/log.js'
import { Service } from '../../../agent/publish/service.js'

t.test('said once, in the reasons as long as it lasts, and degraded only by faults', async (t) => {
  let now = 0
  const said: string[] = []
  const log = {
    ...silentLog,
    warn: (fields: object) => void said.push(JSON.stringify(fields)),
    info: (fields: object) => void said.push(JSON.stringify(fields)),
  }
  const service = new Service(log, () => now)
  service.reduced('QoS', 'QoS 0 only', { limit: true })
  service.reduced('a/bits', 'a/bits: not allowed')
  service.reduced('a/bits', 'a/bits: not allowed')
  t.strictSame(service.reasons, ['QoS: QoS 0 only', 'a/bits: not allowed'])
  t.equal(said.length, 2)
  t.equal(service.lasting(1000), undefined)
  now = 1000
  t.equal(service.lasting(1000), 'a/bits: not allowed')
  service.restored('a/bits')
  service.reduced('a/bits', 'a/bits: not allowed')
  t.equal(said.length, 3, 'its end is said, its coming back so soon is not')
  service.restored('a/bits')
  t.equal(service.lasting(0), undefined)
})

t.test('what single messages tell fades when they stop', async (t) => {
  let now = 0
  const service = new Service(silentLog, () => now)
  service.reduced('message size', 'too large', { fades: true })
  now = 500_000
  service.reduced('message size', 'too large', { fades: true })
  now = 1_000_000
  t.equal(service.reasons.length, 1)
  now = 1_200_000
  t.equal(service.reasons.length, 0)
})
