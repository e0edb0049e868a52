import t from 'tap'
import { Batches, type Delivery } from '../../../client/collect/batches.js'
import { Figures } from '../../../client/collect/figures.js'
import { type Store, StoreError, type Tally } from '../../../client/store/store.js'
import { Backoff } from '../../../contract/backoff.js'
import { until } from '../../e2e/until.js'
import { at, cls } from '../store/suite.js'

const tally: Tally = { added: { cls: 1, seg: 0, bits: 0, evt: 0 }, duplicates: 0 }

function setting(commit: Store['commit']) {
  const lines: string[] = []
  const log = (line: string) => lines.push(line)
  const rejects: string[] = []
  const figures = new Figures(log, () => 0)
  const store = {
    name: 'the store',
    commit,
    note: async () => {},
    reject: async ({ reason }: { reason: string }) => void rejects.push(reason),
  }
  const batches = new Batches(store, figures, log, new Backoff(1, 1))
  const settled: number[] = []
  const push = (seq: number, work: Delivery['work'] = { message: cls(seq) }) =>
    batches.push({ work, cameMs: performance.now(), settle: () => settled.push(seq) })
  return { batches, push, settled, lines, rejects }
}

t.test('what comes while a batch is committed is the next one; nothing is settled before', async (t) => {
  const sizes: number[] = []
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const { batches, push, settled } = setting(async (messages) => {
    sizes.push(messages.length)
    if (sizes.length === 1) await gate
    return tally
  })
  push(1)
  await until('the first commit', () => sizes.length === 1)
  for (const seq of [2, 3, 4]) push(seq)
  t.strictSame(settled, [])
  release()
  await batches.idle()
  t.strictSame(sizes, [1, 3])
  t.strictSame(settled, [1, 2, 3, 4], 'in their order')
})

t.test('states and rejects wait for their turn, and are settled too', async (t) => {
  const { batches, push, settled, rejects } = setting(async () => tally)
  push(1, { state: { what: 'info', boot: 'b', dev: 'gate-1', json: '{}', at } })
  push(2, { reject: { at, topic: 'x', reason: 'none of ours', payload: new Uint8Array() } })
  push(3)
  await batches.idle()
  t.strictSame(settled, [1, 2, 3])
  t.strictSame(rejects, ['none of ours'])
})

t.test('a message that is never taken is found among the others', async (t) => {
  const taken: number[] = []
  const { batches, push, settled, rejects, lines } = setting(async (messages) => {
    if (messages.some(({ key }) => key.seq === 6)) throw new StoreError('refused', 'no sixes')
    taken.push(...messages.map(({ key }) => key.seq))
    return tally
  })
  for (let seq = 0; seq < 9; seq++) push(seq)
  await batches.idle()
  t.strictSame(taken, [0, 1, 2, 3, 4, 5, 7, 8])
  t.equal(settled.length, 9)
  t.strictSame(rejects, ['no sixes'])
  t.match(lines, [/the store will not take gate-1\/street cls #6/])
})

t.test('told to stop while the store is away: nothing is settled, the broker has it still', async (t) => {
  let tries = 0
  const { batches, push, settled, lines } = setting(async () => {
    tries++
    throw new StoreError('away', 'gone')
  })
  push(1)
  await until('some tries', () => tries > 3)
  await batches.stop()
  t.strictSame(settled, [])
  t.equal(lines.length, 1, 'said once')
})

t.test('a store that is full keeps what it has, and takes the rest when there is room', async (t) => {
  let tries = 0
  const { batches, push, settled, lines } = setting(async () => {
    if (tries++ < 3) throw new StoreError('full', 'fleet.sqlite: no room')
    return tally
  })
  push(1)
  push(2)
  await batches.idle()
  t.strictSame(settled, [1, 2])
  t.match(lines, [/nothing is acknowledged until.*no room/, /the store is there again/])
})
