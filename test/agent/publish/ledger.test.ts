import t from 'tap'
import { silentLog } from '../../../agent/log.js'
import type { Settled, StoredFrame } from '../../../agent/outbox.js'
import { Ledger } from '../../../agent/publish/ledger.js'

const frame = { id: 1, parts: 7 } as StoredFrame

function world() {
  const written: Settled[] = []
  const settle = (settled: readonly Settled[]) => void written.push(...settled)
  const outbox = { settle, unpublished: () => [], lastUnpublishedBefore: () => 0 }
  return { written, ledger: new Ledger(outbox, silentLog) }
}

t.test('each part is settled by itself, and known as such before it is written', async (t) => {
  const { written, ledger } = world()
  const row = ledger.of(frame)
  ledger.goes(1, row, 1)
  ledger.goes(1, row, 4)
  ledger.settle(1, row, 1)
  ledger.landed(1, row, 1)
  t.match(ledger.of(frame), { left: 6, busy: 4, unwritten: 1 }, 'the outbox still has it')
  ledger.flush()
  t.strictSame(written, [{ id: 1, parts: 1 }])
  ledger.ground()
  t.match(ledger.of({ ...frame, parts: 6 }), { left: 6, busy: 0 }, 'what was under way may go again')
  ledger.flush()
  t.equal(written.length, 1)
})

t.test('another outbox: nothing of this one is written into it', async (t) => {
  const { written, ledger } = world()
  ledger.settle(1, ledger.of(frame), 7)
  ledger.forget()
  ledger.flush()
  t.strictSame(written, [])
})

t.test('a frame that is in no outbox is not written either', async (t) => {
  const { written, ledger } = world()
  const row = ledger.of({ ...frame, id: 0 })
  ledger.goes(0, row, 1)
  ledger.settle(0, row, 1)
  ledger.flush()
  t.strictSame(written, [])
})
