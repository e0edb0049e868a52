import t from 'tap'
import { eventParts, Part, type StoredFrame } from '../../../agent/outbox.js'
import { messagesOf } from '../../../agent/publish/results.js'
import { Topics } from '../../../contract/topics.js'

const topics = new Topics('blindsight', 'box')
const takenMs = Date.UTC(2026, 10, 24)
const boot = '0123456789abcdef'
const record = {
  common: { v: 1, cam: 'street', boot, seq: 7, bits: { ref: `street/${boot}/7` } },
  q: { lat_ms: 40, dropped: 2 },
  cls: [{ id: 'n1', label: 'tench', p: 1 }],
  seg: { w: 1, h: 1 },
}
const frame = (more: Partial<StoredFrame> = {}): StoredFrame => ({
  id: 3,
  cam: 'street',
  boot,
  seq: 7,
  timeUs: takenMs * 1000,
  keySeq: 7,
  bits: Uint8Array.of(1, 2, 3),
  sha256: 'ab'.repeat(32),
  model: 'lean-1',
  result: JSON.stringify(record),
  parts: Part.cls | Part.seg | Part.bits,
  ...more,
})
const made = (more: Partial<StoredFrame>, hist = false, nowMs = takenMs + 250) =>
  messagesOf(frame(more), topics, hist, nowMs).map(({ payload, ...rest }) => ({
    ...rest,
    payload: typeof payload === 'string' ? JSON.parse(payload) : payload,
  }))

t.test('a frame is up to three messages, media on a branch of its own', async (t) => {
  const [cls, seg, bits, ...more] = made({})
  t.strictSame(more, [])
  const q = { lat_ms: 40, dropped: 2, age_ms: 250 }
  t.strictSame(cls!.payload, { ...record.common, cls: record.cls, q, hist: false })
  t.strictSame(seg!.payload, { ...record.common, seg: record.seg, q, hist: false })
  t.match(cls, { topic: 'blindsight/v1/box/cam/street/cls', properties: { contentType: 'application/json' } })
  const properties = {
    contentType: 'application/vnd.blindsight.frame',
    user: { boot, seq: '7', sha256: 'ab'.repeat(32) },
  }
  t.match(bits, { topic: 'blindsight/v1/box/bits/street', properties })
  t.same(bits!.payload, Uint8Array.of(1, 2, 3))
})

t.test('only what the outbox asks for and the frame has', async (t) => {
  const kinds = (parts: number, result = record as object) =>
    made({ parts, result: JSON.stringify(result) }).map(({ kind }) => kind)
  t.strictSame(kinds(Part.cls), ['cls'])
  t.strictSame(kinds(Part.seg | Part.bits), ['seg', 'bits'])
  t.strictSame(kinds(Part.cls | Part.seg, { common: record.common, q: record.q }), [])
  t.strictSame(kinds(0), [])
})

t.test('of a camera that leaves frames out, each chain says what went out before', async (t) => {
  const prevs = (prev: object) =>
    made({ result: JSON.stringify({ ...record, prev }) }).map(({ payload, properties }) =>
      'user' in properties ? properties.user?.prev : payload.prev,
    )
  t.strictSame(prevs({ results: 5, bits: 3 }), [5, 5, '3'])
  t.strictSame(prevs({ results: null, bits: null }), [null, null, ''])
  t.ok(made({}).every(({ payload, properties: { user } }) => !('prev' in payload) && !(user && 'prev' in user)))
})

t.test('events: each its own message, by its own bit, with its own camera', async (t) => {
  const at = new Date(takenMs).toISOString()
  const event = (id: string, cam: string) => ({
    cam,
    id,
    ts: at,
    since: at,
    until: at,
    peak: { p: 1, share: 1, ts: at },
  })
  const common = { ...record.common, ts: at }
  const result = JSON.stringify({ ...record, common, events: [event('a', 'street'), event('b', 'yard')] })
  const parts = Part.cls | eventParts(2)
  const [cls, first, second, ...more] = made({ parts, result })
  t.strictSame(more, [])
  t.equal(cls!.kind, 'cls')
  t.notOk('events' in cls!.payload)
  t.match(first, { kind: 'evt', part: 8, topic: 'blindsight/v1/box/cam/street/evt', payload: { id: 'a', hist: false } })
  t.match(second, { part: 16, live: 'blindsight/v1/box/cam/yard/evt' })
  t.match(made({ parts: 16, result }, true), [{ topic: 'blindsight/v1/box/hist/yard/evt', payload: { hist: true } }])
  const [moved] = made({ parts: 8, result, clk: 'restamped', timeUs: (takenMs + 5000) * 1000 })
  const later = new Date(takenMs + 5000).toISOString()
  t.match(moved!.payload, { clk: 'restamped', ts: later, since: later, until: later, peak: { ts: later } })
})

t.test('late messages go to hist/ and say so', async (t) => {
  const messages = made({}, true)
  t.strictSame(
    messages.map(({ topic }) => topic),
    ['cls', 'seg', 'bits'].map((kind) => `blindsight/v1/box/hist/street/${kind}`),
  )
  t.equal(messages[0]!.payload.hist, true)
})

t.test('a wall clock that went back gives no negative age', async (t) => {
  t.equal(made({}, false, takenMs - 5000)[0]!.payload.q.age_ms, 0)
})

t.test('a frame that the archive could not take says that nobody can ask for it', async (t) => {
  t.match(made({ id: 0 })[0]!.payload, { bits: { archived: false } })
  t.notOk('archived' in made({ id: 1 })[0]!.payload.bits)
})

t.test('results whose answer is that for another frame say which', async (t) => {
  const [cls, seg, bits] = made({ result: JSON.stringify({ ...record, same_as: 4 }) })
  t.strictSame([cls!.payload.same_as, seg!.payload.same_as], [4, 4])
  t.notOk('same_as' in bits!.payload)
  t.notOk('same_as' in made({})[0]!.payload)
})
