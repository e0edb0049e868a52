import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { MIGRATIONS, SCHEMA } from '../../../agent/archive/schema.js'
import { Spans } from '../../../agent/archive/spans.js'

function open(t: Test) {
  const db = new Database(':memory:')
  db.exec(SCHEMA)
  t.teardown(() => db.close())
  const spans = new Spans(db)
  const all = () => db.prepare('SELECT cam, first_id, last_id FROM spans ORDER BY cam, first_id').raw().all()
  return { db, spans, all }
}
const event = 'INSERT INTO events (id, cam, class, open, first_id, last_id, told) VALUES (?, ?, ?, ?, ?, ?, ?)'

t.test('what overlaps is one, in whatever order it comes', async (t) => {
  const { spans, all } = open(t)
  spans.add('a', 10, 20)
  spans.add('a', 30, 40)
  spans.add('b', 15, 35)
  spans.add('a', 12, 18)
  spans.add('a', 21, 21)
  t.strictSame(all(), [
    ['a', 10, 20],
    ['a', 21, 21],
    ['a', 30, 40],
    ['b', 15, 35],
  ])
  spans.add('a', 20, 30)
  t.strictSame(all(), [
    ['a', 10, 40],
    ['b', 15, 35],
  ])
  spans.add('a', 5, 50)
  t.strictSame(all()[0], ['a', 5, 50])
})

t.test(
  'which span ids touch, as going over all of them would say; and events of an older archive give the same',
  async (t) => {
    const { db, spans, all } = open(t)
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return Math.floor((seed / 2 ** 31) * below)
    }
    const given: { cam: string; first: number; last: number }[] = []
    for (let n = 0; n < 300; n++) {
      const first = random(2000)
      const one = { cam: random(2) ? 'a' : 'b', first, last: first + (n % 50 ? random(8) : random(200)) }
      given.push(one)
      spans.add(one.cam, one.first, one.last)
      db.prepare(event).run(`e${n}`, one.cam, 'person', 0, one.first, one.last, '{}')
    }
    for (let n = 0; n < 2000; n++) {
      const cam = random(2) ? 'a' : 'b'
      const first = random(2100)
      const last = first + random(6)
      const touched = given.some((one) => one.cam === cam && one.first <= last && one.last >= first)
      const end = spans.end(cam, first, last)
      if ((end !== undefined) !== touched) t.fail(`${cam} ${first} to ${last}: ${end}`)
    }
    const joined = all()
    db.exec('DELETE FROM spans')
    db.exec(MIGRATIONS[4]!)
    t.strictSame(all(), joined)
  },
)

t.test('from the first frame of an event that goes on everything is of one', async (t) => {
  const { db, spans } = open(t)
  t.equal(spans.openFrom('a'), Number.POSITIVE_INFINITY)
  for (const [id, open, first] of [
    ['over', 0, 3],
    ['open', 1, 9],
    ['doubtful', 2, 7],
  ])
    db.prepare(event).run(id, 'a', 'person', open, first, first, '{}')
  t.equal(spans.openFrom('a'), 7)
  t.equal(spans.openFrom('b'), Number.POSITIVE_INFINITY)
})
