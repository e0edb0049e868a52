/** Pages of frames within events, against every frame looked at. */
import t from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import type { EventRecord } from '../../../agent/outbox.js'
import { boot, frame, nowMs } from './frames.js'

const iso = (seq: number) => new Date(nowMs + seq * 1000).toISOString()
const CAMS = ['street', 'yard']
/** Overlapping ones, one within another, one that goes on, and room between. */
const EVENTS: readonly (readonly [cam: string, id: string, first: number, last?: number])[] = [
  ['street', 'a', 3, 20],
  ['street', 'b', 8, 10],
  ['street', 'c', 18, 25],
  ['street', 'd', 40, 44],
  ['yard', 'e', 1, 1],
  ['yard', 'f', 9, 30],
  ['yard', 'g', 47],
]
const SEQS = 60

t.test('from any frame on, in pages of any size', async (t) => {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (let seq = 0; seq < SEQS; seq++)
    for (const cam of CAMS) {
      const told = EVENTS.filter(([of, , first, last]) => of === cam && seq === (last ?? first))
      const events = told.map(([, id, first, last]) => ({
        ...{ v: 1, dev: 'box', cam, boot, seq, clk: 'ok', id, phase: last === undefined ? 'start' : 'end', zone: null },
        ...{ class: 'person', label: 'person', ts: iso(seq), since: iso(first), until: iso(seq) },
        ...{ peak: { p: 0.9, share: 0.1, ts: iso(first) } },
        bits: { first: `${cam}/${boot}/${first}`, last: `${cam}/${boot}/${seq}` },
      })) as EventRecord[]
      archive.commit(frame(seq, { cam, size: 10, events }))
    }
  const wanted = archive
    .list({ cursor: 0, limit: 500 })
    .filter(({ cam, seq }) => EVENTS.some(([of, , first, last]) => of === cam && seq >= first && seq <= (last ?? SEQS)))
    .map(({ id }) => id)
  t.ok(wanted.length > 50)
  const wrong: object[] = []
  for (let cursor = 0; cursor <= SEQS * CAMS.length; cursor++)
    for (const limit of [1, 5, 500]) {
      const found = archive.list({ class: 'person', cursor, limit }).map(({ id }) => id)
      const right = wanted.filter((id) => id > cursor).slice(0, limit)
      if (found.join() !== right.join()) wrong.push({ cursor, limit, found, right })
    }
  t.strictSame(wrong, [])
})
