/** On the tables themselves; what makes them is retention.test.ts. */
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Plain } from '../../../agent/archive/plain.js'
import { SCHEMA } from '../../../agent/archive/schema.js'
import { Spans } from '../../../agent/archive/spans.js'
import { boot } from './frames.js'

/** A segment of one frame every second. */
function open(t: Test) {
  const db = new Database(':memory:')
  db.exec(SCHEMA)
  t.teardown(() => db.close())
  const spans = new Spans(db)
  const insert = db.prepare(
    "INSERT INTO frames (id, cam, boot, seq, time_us, bytes, sha256, model, result, bits) VALUES (?, ?, ?, ?, ?, 0, '', '', '', x'')",
  )
  const fill = (cam: string, ids: number, from = 1) => {
    for (let id = from; id < from + ids; id++) insert.run(id, cam, boot, id, id * 1e6)
  }
  const plain = new Plain(db, spans)
  const oldest = (...live: string[]) => plain.oldest(new Set(live))
  return { db, spans, plain, fill, oldest }
}

t.test('the oldest of all cameras, beyond what is pinned and what events touch', async (t) => {
  const { db, spans, fill, oldest } = open(t)
  t.equal(oldest(), undefined)
  fill('a', 20)
  fill('b', 20, 101)
  spans.add('a', 1, 4)
  spans.add('a', 6, 8)
  t.match(oldest(), { cam: 'a', boot, keySeq: 5, timeUs: 5e6 })
  db.exec('UPDATE frames SET pinned = 1 WHERE id = 5')
  t.match(oldest(), { cam: 'a', keySeq: 9 })
  spans.add('a', 1, 20)
  t.match(oldest(), { cam: 'b', keySeq: 101 })
})

t.test('nothing behind the one that grows, or from an event on that goes on; later there is', async (t) => {
  const { db, fill, oldest } = open(t)
  fill('a', 10)
  t.equal(oldest(`a/${boot}/1`), undefined)
  t.match(oldest(), { keySeq: 1 })
  db.exec("INSERT INTO events (id, cam, class, open, first_id, last_id, told) VALUES ('e', 'a', 'car', 1, 1, 1, '{}')")
  t.equal(oldest(), undefined)
  db.exec('UPDATE events SET open = 0')
  t.match(oldest(), { keySeq: 1 })
})

t.test('what comes before the end of the search is found when it is told', async (t) => {
  const { db, plain, spans, fill, oldest } = open(t)
  fill('a', 10)
  spans.add('a', 1, 5)
  t.match(oldest(), { keySeq: 6 })
  fill('a', 1, 50)
  db.exec('UPDATE frames SET time_us = -5 WHERE id = 50')
  t.match(oldest(), { keySeq: 6 })
  plain.came('a', -5)
  t.match(oldest(), { keySeq: 50 })
  db.exec('UPDATE frames SET time_us = -9 WHERE id = 10')
  plain.again()
  t.match(oldest(), { keySeq: 10 })
})

t.test('short steps, and each span is passed once', async (t) => {
  const { spans, plain, fill, oldest } = open(t)
  fill('a', 2000)
  for (let id = 1; id < 1900; id += 2) spans.add('a', id, id)
  for (let id = 2; id < 1900; id += 2) spans.add('a', id, id)
  const found: unknown[] = []
  do found.push(oldest()?.keySeq)
  while (plain.searching)
  t.strictSame(found, [undefined, undefined, undefined, 1900])
  t.match(oldest(), { keySeq: 1900 })
  t.equal(plain.searching, false)
})
