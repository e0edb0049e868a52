/** Frames as the pipeline sees them, with a real archive behind: an event has one start and one end, whatever happens. */
import t, { type Test } from 'tap'
import { Archive } from '../../agent/archive/archive.js'
import { Camera } from '../../agent/config/schema.js'
import type { Encoded } from '../../agent/infer/messages.js'
import type { EventRecord } from '../../agent/outbox.js'
import { type Now, Watching } from '../../agent/watching.js'
import { openBundle } from '../../contract/bundle.js'
import { EventMessage, NowMessage } from '../../contract/messages.js'
import { ANALYSE, analysingBundle } from '../contract/analysing-bundle.js'
import { frame, nowMs } from './archive/frames.js'

const bundle = openBundle(analysingBundle(t.testdir()))
const ids = ANALYSE.tags.classes.map(({ id }) => id)
const camera = (id: string, more = {}) => Camera.parse({ id, source: 'x', width: 64, height: 64, ...more })
type Fate = 'stored' | 'sent' | 'lost'

/** A run of the agent. Frames come ten a second. */
function run(archive: Archive, letter: string, cameras = [camera('street')]) {
  const boot = letter.repeat(16)
  const nows: Now[] = []
  const watching = new Watching({
    dev: 'box',
    boot,
    bundle,
    cameras,
    now: (_, now) => nows.push(NowMessage.parse(now)),
  })
  watching.archived(archive.endedEvents())
  const told: EventRecord[] = []
  let bootMs = 0
  const seqs = new Map<string, number>()
  const film = (
    seconds: number,
    there: string[],
    { cam = 'street', fate = 'stored' as Fate, changed = 0, clockMs = 0, p = 1 } = {},
  ) => {
    for (let i = 0; i < seconds * 10; i++, bootMs += 100) {
      const seq = seqs.get(cam) ?? 0
      const encoded = {
        tags: Float32Array.from(ids, (id) => (there.includes(id) ? p : 0)),
        mask: new Uint8Array(256),
        changed: new Uint8Array(64).fill(1, 0, changed),
      } as Partial<Encoded> as Encoded
      const timeUs = (nowMs + clockMs + bootMs) * 1000
      const seen = watching.see({ cam, seq, timeUs, bootMs, monoNs: 5n, clk: 'ok' }, encoded)
      if (fate === 'stored') archive.commit(frame(seq, { cam, boot, size: 100, timeUs, events: seen.unsaved }))
      watching.done(seen, fate)
      if (fate === 'lost') continue
      seqs.set(cam, seq + 1)
      for (const event of seen.events) told.push(EventMessage.omit({ hist: true }).parse(event))
    }
  }
  return { watching, nows, film, told, phases: () => told.map(({ id, phase }) => `${id} ${phase}`), seqs }
}

function archiveOf(t: Test) {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  return archive
}

t.test('an event as it is told', async (t) => {
  const { film, told, nows } = run(archiveOf(t), 'a')
  film(1, [])
  film(2, ['person'])
  film(3, [])
  const at = (ms: number) => new Date(nowMs + ms).toISOString()
  const same = { dev: 'box', cam: 'street', class: 'person', label: 'person', zone: null, since: at(1000) }
  t.match(told, [
    { ...same, phase: 'start', seq: 15, ts: at(1500), until: at(1500), mono_ns: '5' },
    {
      ...same,
      phase: 'end',
      until: at(2900),
      bits: { first: `street/${'a'.repeat(16)}/10`, last: `street/${'a'.repeat(16)}/29` },
    },
  ])
  t.equal(told[0]!.id, 'street-aaaaaaaa-1')
  t.match(nows, [
    { motion: false, present: [] },
    { ts: at(1500), present: [{ class: 'person', zone: null, since: at(1000), id: 'street-aaaaaaaa-1' }] },
    { present: [] },
  ])
})

t.test(
  'an event that is open at a crash is ended by the first frame of any camera after the start, once',
  async (t) => {
    const archive = archiveOf(t)
    const cameras = [camera('street'), camera('yard')]
    const before = run(archive, 'a', cameras)
    before.film(2, ['person'])
    before.film(2, ['car'], { cam: 'yard' })
    const after = run(archive, 'b', cameras)
    after.film(1, ['car'], { cam: 'yard' })
    t.strictSame(after.phases().sort(), ['street-aaaaaaaa-1 end', 'yard-aaaaaaaa-1 end', 'yard-bbbbbbbb-1 start'])
    const ended = after.told.find(({ id }) => id === 'yard-aaaaaaaa-1')
    t.match(ended, { reason: 'restart', boot: 'a'.repeat(16), seq: 19, cam: 'yard' })
    const later = run(archive, 'c', cameras)
    later.film(1, [], { cam: 'yard' })
    later.film(1, [])
    t.strictSame(later.phases(), ['yard-bbbbbbbb-1 end'])
  },
)

t.test('of a camera that is gone any frame ends it', async (t) => {
  const archive = archiveOf(t)
  run(archive, 'a', [camera('street'), camera('yard')]).film(2, ['person'], { cam: 'yard' })
  const after = run(archive, 'b', [camera('street'), camera('yard', { enabled: false })])
  after.film(0.1, [], { fate: 'lost' })
  t.strictSame(after.phases(), [])
  after.film(0.2, [])
  t.strictSame(after.phases(), ['yard-aaaaaaaa-1 end'])
})

t.test('while nothing goes out, nothing is forgotten; what came and went meanwhile is not told', async (t) => {
  const archive = archiveOf(t)
  const { film, phases } = run(archive, 'a')
  film(1, ['person'], { fate: 'lost' })
  film(1, ['person'])
  t.strictSame(phases(), ['street-aaaaaaaa-1 start'])
  film(5, [], { fate: 'lost' })
  film(2, ['car'], { fate: 'lost' })
  film(5, [], { fate: 'lost' })
  film(1, [])
  t.strictSame(phases(), ['street-aaaaaaaa-1 start', 'street-aaaaaaaa-1 end'])
})

t.test('what was told without the archive is there when it takes frames again', async (t) => {
  const archive = archiveOf(t)
  const { film, phases } = run(archive, 'a')
  film(2, ['person'], { fate: 'sent' })
  t.strictSame(phases(), ['street-aaaaaaaa-1 start'])
  t.strictSame(archive.endedEvents(), [])
  film(0.1, ['person'])
  t.match(archive.endedEvents(), [{ id: 'street-aaaaaaaa-1' }])
  film(3, [], { fate: 'sent' })
  film(0.1, [])
  t.strictSame(archive.endedEvents(), [])
})

t.test('another archive hears of what goes on', async (t) => {
  const dir = t.testdir({ one: {}, two: {} })
  const [one, two] = [Archive.open(`${dir}/one`), Archive.open(`${dir}/two`)]
  t.teardown(() => [one, two].map((archive) => archive.close()))
  run(one, 'a').film(2, ['person'])
  const { watching, film, phases } = run(one, 'b')
  film(2, ['car'], { fate: 'lost' })
  watching.archived(two.endedEvents())
  film(0.1, ['car'])
  t.strictSame(phases(), ['street-aaaaaaaa-1 end', 'street-bbbbbbbb-1 start'], 'what was left open is not forgotten')
  watching.archived([])
  const seen = watching.see({ cam: 'street', seq: 99, timeUs: nowMs * 1000, bootMs: 2100, monoNs: 5n, clk: 'ok' }, {
    tags: new Float32Array(ids.length),
    mask: new Uint8Array(256),
  } as Partial<Encoded> as Encoded)
  t.match(seen.unsaved, [{ id: 'street-bbbbbbbb-1', phase: 'start' }])
})

t.test('more events than a frame carries go on with the next', async (t) => {
  const events = Array.from({ length: 40 }, (_, i) => ({ class: 'person', enterSeconds: 0, leaveSeconds: i }))
  const { film, told } = run(archiveOf(t), 'a', [camera('street', { events })])
  film(0.1, ['person'])
  t.equal(told.length, 28)
  film(0.1, ['person'])
  t.equal(told.length, 40)
  t.equal(new Set(told.map(({ id }) => id)).size, 40)
})

t.test('a clock that is set moves what is told from then on', async (t) => {
  const { film, told } = run(archiveOf(t), 'a')
  film(2, ['person'])
  film(3, [], { clockMs: 3_600_000 })
  t.equal(Date.parse(told[1]!.since) - Date.parse(told[0]!.since), 3_600_000)
})

t.test('motion', async (t) => {
  const { film, nows } = run(archiveOf(t), 'a')
  film(1, [], { changed: 0 })
  film(1, [], { changed: 5 })
  film(7, [])
  t.strictSame(
    nows.map(({ motion }) => motion),
    [false, true, false],
  )
})

t.test('before the first frame and after the last nothing is known to be there', async (t) => {
  const { watching, film, nows } = run(archiveOf(t), 'a')
  watching.blank(nowMs)
  film(2, ['person'])
  watching.blank(nowMs + 2000)
  t.strictSame(nows[0], { v: 1, ts: new Date(nowMs).toISOString(), present: [] })
  t.strictSame(nows.at(-1), { v: 1, ts: new Date(nowMs + 2000).toISOString(), present: [] })
})

t.test("a camera's own thresholds", async (t) => {
  const thresholds = { person: { enter: 0.8, leave: 0.7 } }
  const { film, phases } = run(archiveOf(t), 'a', [camera('street'), camera('yard', { thresholds })])
  for (const cam of ['street', 'yard']) film(2, ['person', 'car'], { cam, p: 0.6 })
  t.strictSame(phases(), ['street-aaaaaaaa-1 start', 'street-aaaaaaaa-2 start', 'yard-aaaaaaaa-1 start'])
  film(1, ['person'], { cam: 'yard', p: 0.85 })
  t.equal(phases().at(-1), 'yard-aaaaaaaa-2 start')
  film(3, ['person'], { cam: 'yard', p: 0.65 })
  t.ok(phases().includes('yard-aaaaaaaa-2 end'))
})
