import t from 'tap'
import { Failure } from '../../../../client/failure.js'
import { Archives } from '../../../../client/view/box/archives.js'
import { Roster } from '../../../../client/view/box/roster.js'
import { boot } from '../../bundle.js'

const ts = '2026-05-01T08:00:00.000Z'

/** Boxes that answer at once with what a test says. */
function setUp(answer: (verb: string, body: Record<string, unknown>) => object, boxes = ['gate-1']) {
  const roster = new Roster()
  for (const dev of boxes) {
    roster.camera(dev, 'street', 'state', { v: 1, state: 'online', reason: 'frames come', since: ts })
    roster.box(dev, 'state', { v: 1, state: 'online', session: 's', ts })
  }
  const asked: [string, Record<string, unknown>][] = []
  const archives: Archives = new Archives({
    ...{ base: 'blindsight', device: '+', timeoutMs: 2000, place: 'a test', roster },
    wire: {
      publish: async (topic, payload, { topic: to, correlation }) => {
        const [, , dev, , verb] = topic.split('/')
        const { transaction: _, ...body } = JSON.parse(payload)
        asked.push([`${dev} ${verb}`, body])
        const said = Buffer.from(JSON.stringify({ status: 'ok', ...answer(verb, body) }))
        setImmediate(() => archives.receive({ topic: to, payload: said, correlation } as never))
      },
    },
  })
  return { archives, roster, asked }
}

t.test('where frames are: asked once for what is over, in few questions', async (t) => {
  const first = Date.parse('2026-05-01T08:10:00Z')
  const { archives, asked } = setUp((_verb, { from }) => ({
    items:
      Date.parse(String(from)) <= first
        ? [
            {
              ref: `street/${boot}/1`,
              ts: new Date(first).toISOString(),
              bytes: 1,
              sha256: '',
              fmt: '',
              model: '',
              pinned: false,
            },
          ]
        : [],
  }))
  const hour = [Date.parse('2026-05-01T08:00:00Z'), Date.parse('2026-05-01T09:00:00Z')] as const
  t.strictSame(await archives.recorded('gate-1', 'street', ...hour, 6), [0, 1, 0, 0, 0, 0])
  t.equal(asked.length, 2)
  await archives.recorded('gate-1', 'street', ...hour, 6)
  t.equal(asked.length, 3, 'what was found is known, what was empty may have come')
})

t.test('which box, where it is not said', async (t) => {
  const span = { from: ts, to: ts, limit: 10 }
  const { archives, asked } = setUp(() => ({ items: [] }))
  await archives.events(span)
  t.match(asked, [['gate-1 events', { limit: 10 }]])
  await t.rejects(setUp(() => ({}), []).archives.events(span), /no box has been heard of/)
  await t.rejects(setUp(() => ({}), ['a', 'b']).archives.events(span), /several boxes/)
})

t.test('results page on; a box that is away or given up is not asked', async (t) => {
  const { archives, roster } = setUp((_verb, { from }) => ({
    items: [],
    gone: [],
    ...(Number(from) < 3 ? { next: 3 } : {}),
  }))
  t.strictSame(await archives.results('gate-1', 'street', boot, 0, 9), [])
  await t.rejects(archives.segment('nobody', `street/${boot}/1`), /no box nobody, a test/)
  archives.abandon(new Failure('broker', 'refused'))
  await t.rejects(archives.results('gate-1', 'street', boot, 0, 9), /refused/)
  roster.box('gate-1', 'state', { v: 1, state: 'stopped', session: 's', ts })
  await t.rejects(archives.results('gate-1', 'street', boot, 0, 9), /away \(stopped\)/)
})
