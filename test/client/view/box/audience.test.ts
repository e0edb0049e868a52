import t from 'tap'
import { Audience } from '../../../../client/view/box/audience.js'
import type { LiveMessage } from '../../../../client/view/source.js'

t.test('each hears what it listens for, until it leaves', async (t) => {
  const audience = new Audience()
  const heard: [string, LiveMessage['kind']][] = []
  const leave = audience.join(new Set(['gate-1/street']), ({ kind }) => heard.push(['ann', kind]))
  audience.join(new Set(), ({ kind }) => heard.push(['bob', kind]))
  t.ok(audience.watches('gate-1/street'))
  t.notOk(audience.watches('gate-1/yard'))
  const bits = { kind: 'bits', dev: 'gate-1', records: new Uint8Array() } as const
  audience.tell({ ...bits, cam: 'street' })
  audience.tell({ ...bits, cam: 'yard' })
  audience.tell({ kind: 'notice', text: 'gone' })
  leave()
  audience.tell({ kind: 'notice', text: undefined })
  t.strictSame(heard, [
    ['ann', 'bits'],
    ['ann', 'notice'],
    ['bob', 'notice'],
    ['bob', 'notice'],
  ])
  t.notOk(audience.watches('gate-1/street'))
})
