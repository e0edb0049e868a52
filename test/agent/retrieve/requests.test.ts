/** Requests as they come from the broker, answered from a real archive. */
import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { Archive, type ArchiveLimits } from '../../../agent/archive/archive.js'
import type { EventRecord } from '../../../agent/outbox.js'
import { messagesOf } from '../../../agent/publish/results.js'
import { Requests } from '../../../agent/retrieve/requests.js'
import { readArchive, readRecord } from '../../../codec/index.js'
import { packPredictedRecord } from '../../../codec/record.js'
import { BLOCK_BYTES, responses } from '../../../contract/messages.js'
import { type RequestVerb, Topics } from '../../../contract/topics.js'
import { frames, records } from '../../codec/scene.js'
import { roomFor } from '../archive/frames.js'

const topics = new Topics('blindsight', 'box')
const boot = '0123456789abcdef'
const bytes = BLOCK_BYTES + 1000
const start = Date.UTC(2026, 10, 24)
const bitsOf = (seq: number) => new Uint8Array(bytes).map((_, i) => (i * 7 + seq) & 255)

function box(t: Test) {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (let seq = 0; seq < 6; seq++) {
    const timeUs = (start + seq * 1000) * 1000
    const row = { cam: 'street', boot, seq, keySeq: seq, timeUs, bits: bitsOf(seq), sha256: `${seq}`.repeat(64) }
    archive.commit({ ...row, model: 'lean-1', result: '{}', parts: 0 })
  }
  const clock = { ms: 0 }
  const asked: (string | undefined)[] = []
  const handler = new Requests(
    archive,
    topics,
    { cam: ['street', 'yard'], class: ['person', 'car'], zone: ['gate'] },
    (frame) => messagesOf(frame, topics, true, start),
    (cam) => asked.push(cam),
    () => clock.ms,
  )
  const ask = (
    verb: RequestVerb,
    body: object | string,
    more: { responseTopic?: string; correlationData?: Buffer } = {},
  ) => {
    const answers: { topic: string; body: Record<string, never>; correlation: string | undefined }[] = []
    const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    handler.handle({ topic: topics.request(verb), payload, ...more }, (topic, text, correlation) => {
      answers.push({ topic, body: JSON.parse(text), correlation: correlation?.toString() })
      t.ok(responses[verb].safeParse(JSON.parse(text)).success, `as the schema says: ${text.slice(0, 60)}`)
    })
    return answers
  }
  return { archive, handler, ask, clock, asked }
}

const told = (id: string, phase: 'start' | 'end', first: number, last: number): EventRecord => {
  const iso = (seq: number) => new Date(start + seq * 1000).toISOString()
  const ref = (seq: number) => `street/${boot}/${seq}`
  return {
    ...{ v: 1, dev: 'box', cam: 'street', boot, seq: last, ts: iso(last), clk: 'ok', id, phase },
    ...{ class: 'person', label: 'person', zone: null, since: iso(first), until: iso(last) },
    ...{ peak: { p: 1, share: 0.1, ts: iso(first) }, bits: { first: ref(first), last: ref(last) } },
  } as EventRecord
}

t.test('events, and what the archive has of one', async (t) => {
  const { archive, ask } = box(t)
  const row = {
    cam: 'street',
    boot,
    seq: 6,
    keySeq: 6,
    timeUs: (start + 6000) * 1000,
    bits: bitsOf(6),
    sha256: '6'.repeat(64),
  }
  const events = [told('a', 'end', 1, 2), told('b', 'start', 4, 6)]
  archive.commit({ ...row, model: 'lean-1', result: '{}', parts: 0, events })
  const [all] = ask('events', {})
  t.strictSame(all!.body, { status: 'ok', items: events })
  const [first] = ask('events', { limit: 1, class: 'person' })
  t.match(ask('events', { cursor: first!.body.cursor }), [{ body: { items: [{ id: 'b' }] } }])
  t.match(ask('events', { class: 'car' })[0]!.body, { items: [] })
  const seqs = (query: object) => (ask('list', query)[0]!.body.items as { ref: string }[]).map(({ ref }) => ref.at(-1))
  t.strictSame(seqs({ event: 'a' }), ['1', '2'])
  t.strictSame(seqs({ class: 'person' }), ['1', '2', '4', '5', '6'])
  t.strictSame(seqs({ class: 'person', limit: 1 }), ['1'])
  t.match(ask('events', { cursor: 'x' })[0]!.body, { code: 'bad_request' })
})

t.test('what an earlier run left open is over, also before a camera has given a frame', async (t) => {
  const { archive } = box(t)
  const row = { cam: 'street', boot, seq: 6, keySeq: 6, timeUs: (start + 6000) * 1000, bits: bitsOf(6), sha256: 'ab' }
  archive.commit({ ...row, model: 'lean-1', result: '{}', parts: 0, events: [told('b', 'start', 4, 5)] })
  const items = (running: string) => {
    const known = { cam: ['street'], class: ['person'], zone: [], boot: running }
    const handler = new Requests(
      archive,
      topics,
      known,
      (frame) => messagesOf(frame, topics, true, start),
      () => {},
    )
    let said: Record<string, unknown>[] = []
    handler.handle({ topic: topics.request('events'), payload: Buffer.from('{}') }, (_, text) => {
      said = JSON.parse(text).items
    })
    return said
  }
  t.match(items(boot), [{ id: 'b', phase: 'start' }])
  t.match(items('ff'.repeat(8)), [
    { id: 'b', phase: 'end', reason: 'restart', seq: 6, until: new Date(start + 6000).toISOString() },
  ])
})

const limits: ArchiveLimits = {
  maxBytes: 1e12,
  maxAgeMs: 1e15,
  minFreeBytes: 0,
  keepNewestMs: 0,
  outboxMaxBytes: 1e12,
  outboxMaxAgeMs: 1e15,
  onFull: 'thin',
}
const now = { timeMs: start, bootMs: 0, known: true, sure: true }

t.test('list: a range of time, page after page', async (t) => {
  const { ask } = box(t)
  const at = (seq: number) => new Date(start + seq * 1000).toISOString()
  const [range] = ask('list', { cam: 'street', from: at(1), to: at(3) })
  t.match(range, {
    topic: topics.response('list'),
    body: { status: 'ok', items: [{ ref: `street/${boot}/1` }, {}, {}] },
  })
  const [page] = ask('list', { limit: 4 })
  const [rest] = ask('list', { limit: 4, cursor: page!.body.cursor })
  t.match(rest!.body, { items: [{ ref: `street/${boot}/4` }, { ref: `street/${boot}/5` }], cursor: undefined })
  t.match(ask('list', { cam: 'yard' })[0]!.body, { items: [] })
})

t.test('what nobody knows is told and not answered with nothing', async (t) => {
  const { archive, ask } = box(t)
  const wrong = (verb: RequestVerb, query: object) => ask(verb, query)[0]!.body as { code?: string; message?: string }
  for (const verb of ['list', 'events'] as const) {
    t.match(wrong(verb, { class: 'persn' }), { code: 'bad_request', message: /persn; there are person, car$/ })
    t.match(wrong(verb, { class: 'car', zone: 'gaet' }), { message: /^zone: .*gaet; there is gate$/ })
    t.match(wrong(verb, { cam: 'door' }), { message: /^cam: .*door; there are street, yard$/ })
    t.match(wrong(verb, { event: 'street-1-7' }), { code: 'not_found', message: /^street-1-7: / })
  }
  t.match(wrong('events', { cam: 'street' }), { status: 'ok', items: [] }, 'frames, and no events yet')
  const earlier = { ...told('a', 'end', 1, 2), class: 'vehicle', cam: 'street' }
  const row = { cam: 'street', boot, seq: 6, keySeq: 6, timeUs: (start + 6000) * 1000, bits: bitsOf(6) }
  archive.commit({ ...row, sha256: '6'.repeat(64), model: 'lean-1', result: '{}', parts: 0, events: [earlier] })
  t.match(wrong('events', { class: 'vehicle', cam: 'yard' }), { items: [] }, 'of an earlier configuration')
})

t.test('get: blocks that make the whole again, from any offset', async (t) => {
  const { ask } = box(t)
  const ref = `street/${boot}/2`
  const blocks = ask('get', { ref, n: 4 })
  t.equal(blocks.length, 2)
  const whole = Buffer.concat(blocks.map(({ body }) => Buffer.from(body.data, 'base64')))
  t.ok(whole.equals(Buffer.from(bitsOf(2))))
  const [tail] = ask('get', { ref, off: bytes - 10 })
  t.match(tail!.body, { off: bytes - 10, total: bytes, data: whole.subarray(-10).toString('base64') })
})

/** A camera with one segment in the archive, a keyframe and three predicted frames, and a way to add to it. */
function segment(t: Test) {
  const all = records(frames(1, 20), 'fast', 20)
  const { archive, ask } = box(t)
  const commit = (seq: number, bits = all[seq]!) => {
    const row = { cam: 'door', boot, seq, keySeq: 0, timeUs: start * 1000 + seq, bits, sha256: 'ab'.repeat(32) }
    archive.commit({ ...row, model: 'm', result: '{}', parts: 0 })
  }
  for (let seq = 0; seq < 4; seq++) commit(seq)
  const ref = `door/${boot}/0`
  type Body = { data: string; sha256: string; total: number; code?: string; message?: string }
  const get = (off = 0, sha256?: string) =>
    ask('get', { ref, segment: true, off, ...(sha256 && { sha256 }) })[0]!.body as unknown as Body
  return { archive, ask, all, commit, get, ref }
}

const kinds = (file: Uint8Array) => [...readArchive(file)].map(({ kind }) => kind)
const sha256Of = (file: Uint8Array) => createHash('sha256').update(file).digest('hex')

t.test('get of a segment: a file with its index', async (t) => {
  const { get } = segment(t)
  const { data, sha256 } = get()
  const file = Buffer.from(data, 'base64')
  t.equal(sha256Of(file), sha256)
  t.strictSame(kinds(file), ['index', 'key', 'predicted', 'predicted', 'predicted'])
})

t.test('get of a segment that grows: each transfer goes on with what it began with', async (t) => {
  const { get, commit } = segment(t)
  const first = get()
  commit(4)
  const second = get()
  t.not(second.sha256, first.sha256)
  for (const { sha256, total, data } of [first, second, first]) {
    const tail = get(total - 9, sha256)
    t.match(tail, { sha256, total })
    t.strictSame(Buffer.from(tail.data, 'base64'), Buffer.from(data, 'base64').subarray(-9))
  }
  t.equal(get(1).sha256, second.sha256, 'a client that names none has the newest')
})

t.test('get of a segment that is damaged in the archive: what is before the damage', async (t) => {
  const { get, commit, all } = segment(t)
  commit(
    4,
    all[4]!.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  )
  commit(5)
  t.strictSame(kinds(Buffer.from(get().data, 'base64')), ['index', 'key', 'predicted', 'predicted', 'predicted'])
})

t.test('get of a segment whose keyframe is damaged says so', async (t) => {
  const { ask, archive } = box(t)
  const bits = records(frames(1, 1), 'fast', 1)[0]!.map((byte, i) => (i === 90 ? byte ^ 1 : byte))
  const row = { cam: 'door', boot, seq: 0, keySeq: 0, timeUs: 1, bits, sha256: 'ab'.repeat(32) }
  archive.commit({ ...row, model: 'm', result: '{}', parts: 0 })
  t.match(ask('get', { ref: `door/${boot}/0`, segment: true })[0]!.body, { code: 'damaged' })
})

t.test('a keyframe is asked for', async (t) => {
  const { ask, asked } = box(t)
  t.match(ask('keyframe', { cam: 'street' })[0]!.body, { status: 'ok' })
  t.match(ask('keyframe', {})[0]!.body, { status: 'ok' })
  t.match(ask('keyframe', { camera: 'street' })[0]!.body, { code: 'bad_request' })
  t.strictSame(asked, ['street', undefined])
})

t.test('pin and unpin', async (t) => {
  const { ask, archive } = box(t)
  const ref = `street/${boot}/0`
  t.match(ask('pin', { ref })[0]!.body, { item: { ref, pinned: true } })
  t.equal(archive.find('street', boot, 0)!.pinned, true)
  t.match(ask('unpin', { ref })[0]!.body, { item: { pinned: false } })
  t.match(ask('describe', { ref })[0]!.body, { item: { pinned: false, bytes, model: 'lean-1' } })
})

t.test('what cannot be answered says why', async (t) => {
  const { ask, archive, handler } = box(t)
  archive.enforce({ ...limits, maxBytes: roomFor(4, archive) }, now)
  const cases: [RequestVerb, object | string, string][] = [
    ['get', { ref: `street/${boot}/0` }, 'evicted'],
    ['get', { ref: `street/${boot}/9` }, 'not_found'],
    ['describe', { ref: `street/fedcba9876543210/0` }, 'not_found'],
    ['get', { ref: '../../etc/passwd' }, 'bad_request'],
    ['get', { ref: `street/${boot}/5`, off: bytes }, 'bad_request'],
    ['get', { ref: `street/${boot}/5`, more: 1 }, 'bad_request'],
    ['list', { limit: 0 }, 'bad_request'],
    ['list', '{', 'bad_request'],
    ['list', '7', 'bad_request'],
    ['list', JSON.stringify({ cam: 'x'.repeat(5000) }), 'too_large'],
  ]
  for (const [verb, body, code] of cases)
    t.match(ask(verb, body)[0]!.body, { status: 'error', code }, `${verb} ${code}`)
  t.equal(handler.counters.refused, cases.length)
  t.match(ask('get', { ref: 'x', transaction: 't1' })[0]!.body, { transaction: 't1', code: 'bad_request' })
})

t.test('too many requests are refused, and then served again', async (t) => {
  const { ask, clock } = box(t)
  const codes = Array.from({ length: 120 }, () => ask('list', {})[0]!.body).map((b) => b.code ?? 'ok')
  t.strictSame([...new Set(codes.slice(0, 100))], ['ok'])
  t.strictSame([...new Set(codes.slice(100))], ['busy'])
  clock.ms += 1000
  t.match(ask('list', {})[0]!.body, { status: 'ok' })
})

t.test('evicted stays evicted when nothing of that run is left', async (t) => {
  const { ask, archive } = box(t)
  const last = { cam: 'street', boot: 'ff'.repeat(8), seq: 0, keySeq: 0, timeUs: 1, bits: bitsOf(0), sha256: 'ab' }
  archive.commit({ ...last, model: 'lean-1', result: '{}', parts: 0 }) // the agent has been started again
  archive.evictOldest(limits, now)
  t.equal(archive.stats.frames, 1)
  const code = (ref: string) => ask('get', { ref })[0]!.body.code as string
  for (const seq of [0, 5]) t.equal(code(`street/${boot}/${seq}`), 'evicted')
  t.equal(code(`street/${boot}/6`), 'not_found', 'it never was there')
  t.equal(code(`door/${boot}/0`), 'not_found')
})

t.test('every block of one answer carries what the request came with', async (t) => {
  const { ask, handler } = box(t)
  const correlationData = Buffer.from('c1')
  const answers = ask('get', { ref: `street/${boot}/1`, n: 2, transaction: 't1' }, { correlationData })
  t.match(answers, [
    { correlation: 'c1', body: { transaction: 't1', off: 0 } },
    { correlation: 'c1', body: { transaction: 't1', off: BLOCK_BYTES } },
  ])
  t.match(ask('get', 'no json', { correlationData })[0], { correlation: 'c1', body: { code: 'bad_request' } })
  t.strictSame(handler.counters, { served: 1, refused: 1 })
  t.match(ask('list', '')[0]!.body, { status: 'ok' }, 'an empty request is one without wishes')
})

t.test('only requests to this box are answered', async (t) => {
  const { handler } = box(t)
  for (const topic of ['blindsight/v1/other/req/list', topics.response('list'), `${topics.request('list')}/x`])
    handler.handle({ topic, payload: Buffer.from('{}') }, () => t.fail(topic))
  t.strictSame(handler.counters, { served: 0, refused: 0 })
})

t.test('a database that cannot answer now is busy, and the box goes on', async (t) => {
  const { archive, ask } = box(t)
  archive.find = () => {
    throw new Error('database is locked')
  }
  t.match(ask('pin', { ref: `street/${boot}/0` })[0]!.body, { code: 'busy', message: 'database is locked' })
})

t.test('answers go nowhere but under the base', async (t) => {
  const { ask } = box(t)
  t.equal(ask('list', {}, { responseTopic: 'blindsight/v1/box/res/me' })[0]!.topic, 'blindsight/v1/box/res/me')
  for (const responseTopic of ['homeassistant/x', 'blindsight/v1/other/state', 'blindsight/v1/box/res/+', '$SYS/x'])
    t.strictSame(ask('list', {}, { responseTopic }), [], responseTopic)
})

t.test('get of a segment that has grown, when the copy of the transfer is gone: begin anew', async (t) => {
  const { get, commit } = segment(t)
  const first = get()
  for (let seq = 4; seq < 8; seq++) commit(seq)
  t.match(get(10, 'ef'.repeat(32)), { status: 'error', code: 'changed' })
  t.ok(get(10, first.sha256).data, 'one that is still kept goes on')
})

t.test('get of a segment that grows goes on with its file after others have taken the place of its copy', async (t) => {
  const { get, commit } = segment(t)
  const first = get()
  for (let seq = 4; seq < 20; seq++) {
    commit(seq)
    get()
  }
  const { data, total, sha256 } = get(10, first.sha256)
  t.match({ total, sha256 }, { total: first.total, sha256: first.sha256 })
  t.strictSame(Buffer.from(data, 'base64'), Buffer.from(first.data, 'base64').subarray(10))
})

t.test('get of a segment whose times no index block can say: its records, without one', async (t) => {
  const { archive, ask } = box(t)
  const far = records(frames(1, 2), 'fast', 2)
  const { crc, frame: first } = readRecord(far[0]!) as { crc: number; frame: { timeUs: number; boot: string } }
  const next = {
    profile: 'fast' as const,
    boot: first.boot,
    seq: 1,
    timeUs: first.timeUs + 40 * 60e6,
    position: 1,
    chain: crc,
  }
  const late = packPredictedRecord(next, new Uint8Array(9))
  const row = { cam: 'hall', boot: first.boot, keySeq: 0, sha256: 'ab'.repeat(32), model: 'm', result: '{}', parts: 0 }
  archive.commit({ ...row, seq: 0, timeUs: 1, bits: far[0]! })
  archive.commit({ ...row, seq: 1, timeUs: 2, bits: late })
  const [answer] = ask('get', { ref: `hall/${first.boot}/0`, segment: true })
  t.strictSame(kinds(Buffer.from(answer!.body.data, 'base64')), ['key', 'predicted'])
})
