/** Lists by camera and time, page after page, against all frames sorted. */
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { frame, nowMs } from './frames.js'

const us = (second: number) => (nowMs + second * 1000) * 1000
/** Two cameras at the same moments, a third one only at first, and older frames that were added late. */
function filled(t: Test): Archive {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  const add = (cam: string, seq: number, second: number, boot = '0123456789abcdef') =>
    archive.commit(frame(seq, { cam, boot, timeUs: us(second), size: 10 }))
  for (let seq = 0; seq < 30; seq++) {
    for (const cam of ['street', 'yard']) add(cam, seq, 100 + seq)
    if (seq < 3) add('door', seq, 100 + seq)
  }
  for (let seq = 0; seq < 10; seq++) add('street', seq, seq, 'f'.repeat(16))
  return archive
}
const name = ({ cam, timeUs }: { cam: string; timeUs: number }) => `${cam} ${timeUs / 1e6 - nowMs / 1000}`
type Query = Partial<Parameters<Archive['list']>[0]>
/** As a client asks. */
function pages(archive: Archive, query: Query, limit: number): string[] {
  const all: string[] = []
  for (let place: Query = { cursor: 0 }; ; ) {
    const found = archive.list({ cursor: 0, ...query, ...place, limit })
    all.push(...found.map(name))
    if (found.length < limit) return all
    const { id: cursor, timeUs: afterUs } = found.at(-1)!
    place = { cursor, afterUs }
  }
}

t.test('pages of any size have every frame once, the oldest first', async (t) => {
  const archive = filled(t)
  const every = archive
    .list({ cursor: 0, limit: 500 })
    .sort((a, b) => a.timeUs - b.timeUs || a.id - b.id)
    .map((one) => ({ ...one, second: one.timeUs / 1e6 - nowMs / 1000 }))
  const queries: [Query, (one: (typeof every)[number]) => boolean][] = [
    [{ cam: 'street' }, ({ cam }) => cam === 'street'],
    [{ cam: 'door' }, ({ cam }) => cam === 'door'],
    [{ cam: 'nowhere' }, () => false],
    [{ fromUs: us(5) }, ({ second }) => second >= 5],
    [{ toUs: us(101) }, ({ second }) => second <= 101],
    [{ fromUs: us(8), toUs: us(110) }, ({ second }) => second >= 8 && second <= 110],
    [{ cam: 'yard', fromUs: us(0), toUs: us(102) }, ({ cam, second }) => cam === 'yard' && second <= 102],
    [{ fromUs: us(50), toUs: us(60) }, () => false],
  ]
  for (const [query, wanted] of queries)
    for (const limit of [1, 2, 3, 7, 500])
      t.strictSame(pages(archive, query, limit), every.filter(wanted).map(name), JSON.stringify({ ...query, limit }))
})

t.test('a place that is only an id, as clients have it of an earlier version', async (t) => {
  const archive = filled(t)
  const found = archive.list({ cam: 'door', cursor: 4, limit: 9 })
  t.strictSame(found.map(name), ['door 101', 'door 102'])
})

t.test('no more is read than a page of each camera', async (t) => {
  const archive = filled(t)
  const { db } = archive as unknown as { db: import('better-sqlite3').Database }
  const plans: string[] = []
  const prepare = db.prepare.bind(db)
  db.prepare = ((sql: string) => {
    if (/AS timeUs FROM frames WHERE cam/.test(sql))
      plans.push(
        ...prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all({ cam: '', shiftUs: 0, fromUs: 0, toUs: 0, afterUs: 0, cursor: 0, limit: 1, above: 0, upTo: 0 })
          .map((row) => (row as { detail: string }).detail),
      )
    return prepare(sql)
  }) as typeof db.prepare
  archive.list({ cam: 'yard', fromUs: us(0), cursor: 0, limit: 2 })
  t.ok(plans.length > 0)
  for (const plan of plans)
    t.match(plan, /^SEARCH frames USING COVERING INDEX frames_time \(cam=\? AND time_us>\? AND time_us<\?\)$/)
})
