/** What is asked of an archive, each many times and of other frames every time: milliseconds, the median and the worst of a hundred. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Archive, type ArchiveLimits } from '../../../agent/archive/archive.js'
import { CAMS, EVENT, FRAME_US, frameAt, place, SEGMENT } from './made-up.js'

export interface Times {
  readonly p50: number
  readonly p99: number
  readonly n: number
}
export type Measured = Record<string, Times>

const PAGE = 100
const COMMITS = 2000
const STARTS = 10
const STEPS = 6
const STEP_ROWS = 500
/** So many frames may not have been written down as counted when a box is killed. */
const UNCOUNTED = 1000

const unlimited: ArchiveLimits = {
  maxBytes: Number.MAX_SAFE_INTEGER,
  maxAgeMs: Number.MAX_SAFE_INTEGER,
  minFreeBytes: 0,
  keepNewestMs: 0,
  outboxMaxBytes: Number.MAX_SAFE_INTEGER,
  outboxMaxAgeMs: Number.MAX_SAFE_INTEGER,
  onFull: 'drop_oldest',
}

export function measure(dir: string, rows: number): Measured {
  const measured: Measured = {}
  const time = (what: string, n: number, action: (nth: number) => unknown) => {
    const ms = Array.from({ length: n }, (_, nth) => {
      const began = performance.now()
      action(nth)
      return performance.now() - began
    })
    note(measured, what, ms)
  }
  let next = rows
  /** Somewhere in the middle half, another place every time. */
  const middle = (nth: number) => Math.floor(rows / 4 + ((nth * 0.618034) % 1) * (rows / 2))

  time('counted once, as of an earlier version', 1, () => {
    const archive = Archive.open(dir)
    while (archive.countOn());
    archive.close()
  })
  starts(dir, measured, () => frameAt(next++, rows))

  const archive = Archive.open(dir)
  for (let n = 0; n < 100; n++) archive.commit(frameAt(next++, rows))
  time('commit of a frame', COMMITS, () => archive.commit(frameAt(next++, rows)))

  const list = (what: string, query: (nth: number) => Partial<Parameters<Archive['list']>[0]>) =>
    time(`list, ${what}`, 100, (nth) => {
      const found = archive.list({ cursor: 0, limit: PAGE, ...query(nth) })
      if (found.length === 0) throw new Error(`list, ${what}: nothing was found`)
    })
  const cursorAt = (nth: number) => cursor(middle(nth), rows)
  const minute = (nth: number) => {
    const { timeUs } = place(middle(nth), rows)
    return { fromUs: timeUs, toUs: timeUs + 60e6 }
  }
  const cam = CAMS[2]
  list('the first page', () => ({}))
  list('a page in the middle', cursorAt)
  list('of a camera, the first page', () => ({ cam }))
  list('of a camera, a page in the middle', (nth) => ({ cam, ...cursorAt(nth) }))
  list('of a minute in the middle', minute)
  list('of a camera, of a minute in the middle', (nth) => ({ cam, ...minute(nth) }))
  list('from the first quarter on', () => ({ fromUs: place(Math.floor(rows / 4), rows).timeUs }))
  list('from the first quarter on, a page in the middle', (nth) => ({
    fromUs: place(Math.floor(rows / 4), rows).timeUs,
    ...cursorAt(nth),
  }))
  list('of a class, the first page', () => ({ class: 'person' }))
  list('of a class, a page in the middle', (nth) => ({ class: 'person', ...cursorAt(nth) }))
  const events = CAMS.length * EVENT.every * 2 * FRAME_US
  list('of a class, from the middle on', (nth) => {
    const { timeUs } = place(middle(nth), rows)
    return { class: 'person', fromUs: timeUs, toUs: timeUs + events }
  })
  time('list of events, a page in the middle', 100, (nth) =>
    archive.listOfEvents({ class: 'person', cursor: `${middle(nth)}:`, limit: 20 }),
  )
  const found = (nth: number) => {
    const { cam, boot, seq } = place(middle(nth), rows)
    return archive.find(cam, boot, seq)!
  }
  time('get of a frame', 300, (nth) => {
    const { id, bytes } = found(nth)
    archive.readBits(id, 0, bytes)
  })
  time('get of a segment', 300, (nth) => {
    const { cam, boot, keySeq } = found(nth)
    if (archive.segment(cam, boot, keySeq).length !== SEGMENT) throw new Error('a segment is not whole')
  })
  time('pin and unpin of a segment', 50, (nth) => {
    const { id } = found(nth)
    archive.pin(id, true)
    archive.pin(id, false)
  })
  time('figures for health', 50, () => [archive.stats, archive.oldestPlainUs])
  const now = () => {
    const timeMs = place(next, rows).timeUs / 1000
    return { timeMs, bootMs: timeMs, known: true, sure: true }
  }
  // Age limits never leap, so they begin where nothing expires and follow step by step.
  const ageMs = now().timeMs - archive.stats.oldestUs! / 1000
  const stepMs = ((STEP_ROWS / CAMS.length) * FRAME_US) / 1000
  const aged = { ...unlimited, maxAgeMs: ageMs + stepMs }
  time('retention, nothing to do', 100, () => archive.enforce(aged, now()))
  const step = (what: string, limits: (nth: number) => Partial<ArchiveLimits>) => {
    const before = archive.counters.evicted
    time(`retention by ${what}, a step of ${STEP_ROWS} frames`, STEPS, (nth) =>
      archive.enforce({ ...aged, ...limits(nth) }, now()),
    )
    const evicted = archive.counters.evicted - before
    if (evicted < (STEPS - 2) * STEP_ROWS) throw new Error(`retention by ${what}: only ${evicted} were evicted`)
  }
  step('age', (nth) => ({ maxAgeMs: ageMs - nth * stepMs }))
  step('bytes', () => ({ maxBytes: 0 }))
  step('bytes, events stay', () => ({ maxBytes: 0, keepEventsMs: aged.maxAgeMs, keepNewestMs: 1 }))
  archive.close()
  return measured
}

/** Of the nth frame: ids begin with 1. */
const cursor = (n: number, rows: number) => ({ cursor: n + 1, afterUs: place(n, rows).timeUs })

/** As the agent starts: until it has taken a frame, and until it knows how many there are. */
function starts(dir: string, measured: Measured, frame: () => ReturnType<typeof frameAt>): void {
  const taken: number[] = []
  const counted: number[] = []
  const start = (into: { taken: number[]; counted: number[] }) => {
    const began = performance.now()
    const archive = Archive.open(dir)
    archive.past()
    archive.endedEvents()
    archive.believeEvents()
    archive.commit(frame())
    into.taken.push(performance.now() - began)
    while (archive.countOn());
    into.counted.push(performance.now() - began)
    return archive
  }
  for (let n = 0; n < STARTS; n++) start({ taken, counted }).close()
  note(measured, 'start, until a frame is taken', taken)
  note(measured, 'start, until frames are counted', counted)

  const killed = { taken: [] as number[], counted: [] as number[] }
  for (let n = 0; n < STARTS; n++) {
    const before = written(dir)
    const archive = Archive.open(dir)
    for (let n = 0; n < UNCOUNTED; n++) archive.commit(frame())
    archive.close()
    written(dir, before)
    start(killed).close()
  }
  note(measured, 'the same after a kill', killed.counted)
}

/** How many frames are written down; a kill leaves what was written before. */
function written(dir: string, row?: unknown): unknown {
  const db = new Database(join(dir, 'archive.sqlite'))
  if (row) db.prepare('UPDATE counted SET up_to = @up_to, frames = @frames').run(row)
  const there = db.prepare('SELECT up_to, frames FROM counted').get()
  db.close()
  return there
}

function note(measured: Measured, what: string, ms: readonly number[]): void {
  const sorted = [...ms].sort((a, b) => a - b)
  const at = (share: number) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(3))
  measured[what] = { p50: at(0.5), p99: at(0.99), n: sorted.length }
}
