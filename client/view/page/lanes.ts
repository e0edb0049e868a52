/** Of a day's events, what there is to draw for each camera: one mark a pixel and class at most, however many events there are. */
import type { StoredEvent } from '../source.js'

export interface Mark {
  /** Pixels */
  readonly x: number
  readonly width: number
  readonly event: StoredEvent
  /** Events in it. */
  readonly count: number
}

export interface Scale {
  readonly from: number
  readonly to: number
  readonly width: number
}

export const xOf = (ms: number, { from, to, width }: Scale): number => ((ms - from) / (to - from)) * width
export const msOf = (x: number, { from, to, width }: Scale): number => from + (x / width) * (to - from)

/** By camera (dev/cam), from left to right. An event takes the room that it lasted, two pixels at least. */
export function marksOf(events: readonly StoredEvent[], scale: Scale): Map<string, Mark[]> {
  const lanes = new Map<string, Mark[]>()
  /** Where in its lane the last mark of a class is: those of others may have come in between. */
  const lasts = new Map<string, number>()
  for (const event of events) {
    const since = Date.parse(event.since)
    const until = Date.parse(event.until)
    if (until < scale.from || since > scale.to) continue
    const x = Math.max(0, Math.floor(xOf(since, scale)))
    const width = Math.max(2, Math.ceil(Math.min(xOf(until, scale), scale.width)) - x)
    const name = `${event.dev}/${event.cam}`
    let lane = lanes.get(name)
    if (!lane) {
      lane = []
      lanes.set(name, lane)
    }
    const key = `${name}/${event.class}`
    const at = lasts.get(key)
    const last = at === undefined ? undefined : lane[at]
    if (at !== undefined && last?.x === x)
      lane[at] = { ...last, width: Math.max(last.width, width), count: last.count + 1 }
    else {
      lasts.set(key, lane.length)
      lane.push({ x, width, event, count: 1 })
    }
  }
  return lanes
}

/** The mark under the pointer, else the nearest within some pixels. */
export function markAt(lane: readonly Mark[] = [], x: number, reach = 4): Mark | undefined {
  let best: Mark | undefined
  let least = reach + 1
  for (const mark of lane) {
    const away = x < mark.x ? mark.x - x : Math.max(0, x - mark.x - mark.width)
    if (away < least) {
      least = away
      best = mark
    }
  }
  return best
}

const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 86_400]

/** Times to write below, so far from each other that they can be read. */
export function ticks({ from, to, width }: Scale, utc: boolean, least = 64): number[] {
  const wanted = ((to - from) / 1000 / width) * least
  const step = (steps.find((seconds) => seconds >= wanted) ?? 86_400) * 1000
  // From midnight and not from 1970, where zones of half hours would show odd times; `from` of a whole day is midnight.
  const offset = utc ? 0 : -new Date(from).getTimezoneOffset() * 60_000
  const found: number[] = []
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) found.push(at)
  return found
}

/** Around a time, within the day. */
export function zoomed(
  day: { from: number; to: number },
  around: number,
  spanMs: number,
): { from: number; to: number } {
  const span = Math.min(spanMs, day.to - day.from)
  const from = Math.min(Math.max(day.from, around - span / 2), day.to - span)
  return { from, to: from + span }
}
