/** Presence per half second and events, what was said against what is true. */
import type { ClassName, TruthFrame } from './truth.js'

/** What was said of one class at the truth's frames, and when its events were. */
export interface Said {
  /** By truth frame. */
  readonly present: readonly boolean[]
  /** Seconds from the clip's beginning, from the first frame that shows it to the last. */
  readonly events: readonly { readonly since: number; readonly until: number }[]
}

export interface Counts {
  /** Half seconds: there and said, there and not said, not there and said, not there and not said. */
  hit: number
  missed: number
  false: number
  quiet: number
  /** Runs of false half seconds. */
  alarms: number
}

export interface EventCounts {
  found: number
  missed: number
  false: number
  /** Seconds from the beginning to the event's, of those that begin within the clip. */
  late: number[]
}

export type Size = 'small' | 'medium' | 'large' | 'unsized'

/** Unsure half seconds are passed over, those of absent classes belong to every size. */
export function presence(
  name: ClassName,
  frames: readonly TruthFrame[],
  said: Said,
  wanted: (frame: TruthFrame) => boolean,
): Counts {
  const counts: Counts = { hit: 0, missed: 0, false: 0, quiet: 0, alarms: 0 }
  let alarmed = false
  for (const [i, frame] of frames.entries()) {
    if (frame.unsure.includes(name)) continue
    const is = said.present[i]!
    if (frame[name]) {
      alarmed = false
      if (wanted(frame)) counts[is ? 'hit' : 'missed']++
      continue
    }
    counts[is ? 'false' : 'quiet']++
    if (is && !alarmed) counts.alarms++
    alarmed = is
  }
  return counts
}

/** Where a truth knows no medium, what is not small has no size of its own. */
export function sizeOf(name: ClassName, { small, medium }: TruthFrame): Size {
  if (small.includes(name)) return 'small'
  if (!medium) return 'unsized'
  return medium.includes(name) ? 'medium' : 'large'
}

/**
 * A true event is a run of half seconds in which the class is there; unsure ones may belong to it. One is found by whatever was
 * said during it, and what touches none of them and no unsure half second is false. Of what was said where the truth has no half second nobody knows.
 */
export function events(name: ClassName, frames: readonly TruthFrame[], said: Said, rate: number): EventCounts {
  const half = 1 / rate
  const runs: { from: number; to: number; sure: boolean }[] = []
  for (const frame of frames) {
    const unsure = frame.unsure.includes(name)
    if (!frame[name] && !unsure) continue
    const run = runs.at(-1)
    if (run && frame.t - run.to < 1.5 * half) Object.assign(run, { to: frame.t, sure: run.sure || !unsure })
    else runs.push({ from: frame.t, to: frame.t, sure: !unsure })
  }
  const touches = (event: { since: number; until: number }, run: { from: number; to: number }) =>
    event.since <= run.to + half && event.until >= run.from - half
  const counts: EventCounts = { found: 0, missed: 0, false: 0, late: [] }
  for (const run of runs) {
    if (!run.sure) continue
    const [first] = said.events.filter((event) => touches(event, run))
    if (!first) counts.missed++
    else counts.found++
    if (first && run.from > 0) counts.late.push(Math.max(0, first.since - run.from))
  }
  const known = frames.map(({ t }) => ({ from: t, to: t }))
  const during = (spans: typeof known, event: { since: number; until: number }) =>
    spans.some((span) => touches(event, span))
  counts.false = said.events.filter((event) => during(known, event) && !during(runs, event)).length
  return counts
}

export const add = (sum: Counts, more: Counts): Counts => ({
  hit: sum.hit + more.hit,
  missed: sum.missed + more.missed,
  false: sum.false + more.false,
  quiet: sum.quiet + more.quiet,
  alarms: sum.alarms + more.alarms,
})

/** Ratios from 0 to 1; null where nothing is there to tell from. */
export function rates({ hit, missed, false: wrong, quiet, alarms }: Counts, rate: number) {
  const ratio = (part: number, whole: number) => (whole > 0 ? rounded(part / whole) : null)
  return {
    half_seconds: hit + missed + wrong + quiet,
    there: hit + missed,
    precision: ratio(hit, hit + wrong),
    recall: ratio(hit, hit + missed),
    f1: ratio(2 * hit, 2 * hit + missed + wrong),
    empty: wrong + quiet,
    false: wrong,
    false_share: ratio(wrong, wrong + quiet),
    false_alarms_per_hour: wrong + quiet > 0 ? rounded((3600 * rate * alarms) / (wrong + quiet)) : null,
  }
}

const rounded = (x: number): number => Number(x.toFixed(4))
