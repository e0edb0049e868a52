/** What is a message and what is not: subscribers and the box rely on the same schemas. */
import t from 'tap'
import * as messages from '../../contract/messages.js'

const boot = '0123456789abcdef'
const ref = `street/${boot}/7`
const base = {
  v: 1,
  dev: 'gate-1',
  cam: 'street',
  boot,
  seq: 7,
  ts: '2026-11-24T03:00:00.000Z',
  mono_ns: '18446744073709551615',
  clk: 'ok',
  frame: { w: 448, h: 256 },
  model: { id: 'lean-1', sha256: 'ab'.repeat(32), ep: 'cpu' },
  lat: { shape: [16, 32, 56], bpp: 0.4 },
  bits: {
    ref,
    bytes: 5000,
    sha256: 'cd'.repeat(32),
    fmt: 'blindsight.frame.v2',
    key: false,
    segment: `street/${boot}/0`,
  },
  q: { lat_ms: 40, age_ms: 60, dropped: 0 },
  hist: false,
}
const classify = { ...base, cls: [{ id: 'n1', label: 'tench', p: 0.9 }] }
const mask = { enc: 'rle', data: [0, 16] }
const segment = { ...base, seg: { w: 4, h: 4, classes: [{ id: 0, label: 'road', frac: 1 }], mask } }

/** The path of the first fault. */
const fault = (
  schema: { safeParse(value: unknown): { error?: { issues: { path: PropertyKey[] }[] } } },
  value: object,
) => schema.safeParse(value).error?.issues[0]?.path.join('.')

t.test('results', async (t) => {
  t.strictSame(messages.ClassifyResult.parse(classify), classify)
  t.strictSame(messages.SegmentResult.parse(segment), segment)
  t.equal(fault(messages.ClassifyResult, { ...classify, later: 1 }), undefined, 'a later agent may say more')
  const wrong: [object, string][] = [
    [{ v: 2 }, 'v'],
    [{ dev: 'Gate 1' }, 'dev'],
    [{ cam: 'a/b' }, 'cam'],
    [{ boot: 'ABCDEF0123456789' }, 'boot'],
    [{ seq: -1 }, 'seq'],
    [{ seq: 0.5 }, 'seq'],
    [{ ts: '2026-11-24T03:00:00+01:00' }, 'ts'],
    [{ mono_ns: 5 }, 'mono_ns'],
    [{ clk: 'wrong' }, 'clk'],
    [{ lat: { shape: [16, 32], bpp: 1 } }, 'lat.shape'],
    [{ bits: { ...base.bits, archived: true } }, 'bits.archived'],
    [{ bits: { ...base.bits, fmt: 'blindsight.frame.v9' } }, 'bits.fmt'],
    [{ cls: [{ id: 'n1', label: 'tench', p: 1.1 }] }, 'cls.0.p'],
    [{ hist: undefined }, 'hist'],
  ]
  for (const [more, where] of wrong) t.equal(fault(messages.ClassifyResult, { ...classify, ...more }), where)
  t.equal(fault(messages.SegmentResult, classify), 'seg')
  const raw = { ...segment.seg, mask: { enc: 'raw', data: [] } }
  t.equal(fault(messages.SegmentResult, { ...segment, seg: raw }), 'seg.mask.enc')
})

t.test('states of the box and of a camera', async (t) => {
  const message = { v: 1, state: 'degraded', session: 'x', ts: base.ts, reason: 'archive: full' }
  t.strictSame(messages.DeviceStateMessage.parse(message), message)
  t.equal(fault(messages.DeviceStateMessage, { ...message, state: 'asleep' }), 'state')
  const camera = { v: 1, state: 'stalled', reason: 'no frame for 10 s', since: base.ts }
  t.strictSame(messages.CameraStateMessage.parse(camera), camera)
  t.equal(fault(messages.CameraStateMessage, { ...camera, state: 'degraded' }), 'state')
})

t.test('requests: what may be left out, what may not be there', async (t) => {
  const { list, get, describe } = messages.requests
  t.strictSame(list.parse({}), { limit: 100 })
  t.strictSame(get.parse({ ref }), { ref, segment: false, off: 0, n: 1 })
  for (const value of [
    'street/7',
    `street/${boot}/-1`,
    `street/${boot}/7/`,
    `../${boot}/7`,
    `street/${boot.toUpperCase()}/7`,
  ])
    t.equal(fault(describe, { ref: value }), 'ref', value)
  t.equal(fault(get, { ref, n: 17 }), 'n')
  t.equal(fault(get, { ref, off: -1 }), 'off')
  t.equal(fault(list, { limit: 501 }), 'limit')
  t.equal(fault(list, { from: 'yesterday' }), 'from')
  t.equal(fault(list, { cursor: '-1' }), 'cursor')
  t.equal(fault(list, { transaction: 'x'.repeat(129) }), 'transaction')
  t.equal(fault(describe, { ref, dev: 'gate-2' }), '', 'an unknown key')
})

t.test('an item of an older box stands alone', async (t) => {
  const item = { ref, ts: base.ts, bytes: 1, sha256: 'x', fmt: 'blindsight.frame.v1', model: 'lean-1', pinned: false }
  t.match(messages.responses.describe.parse({ status: 'ok', item }), { item: { key: true, segment: undefined } })
})

t.test('answers: done, or one of the codes of docs/reference/messages.md', async (t) => {
  for (const code of ['not_found', 'evicted', 'busy', 'too_large', 'bad_request'])
    for (const schema of Object.values(messages.responses))
      t.equal(fault(schema, { status: 'error', code, message: 'x' }), undefined)
  t.not(fault(messages.responses.pin, { status: 'error', code: 'broken', message: 'x' }), undefined)
  t.not(fault(messages.responses.pin, { status: 'ok' }), undefined)
  t.equal(messages.BLOCK_BYTES, 64 * 1024)
})
