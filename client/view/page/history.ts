/** The events of a stretch of time, page after page: what has come is shown, the rest follows. */
import type { Page, StoredEvent } from '../source.js'

export interface Wanted {
  /** Boxes, each asked by itself. */
  readonly devs: readonly string[]
  readonly cam?: string | undefined
  readonly class?: string | undefined
  readonly zone?: string | undefined
  readonly from: number
  readonly to: number
}

export interface Found {
  /** In the order of their beginnings. */
  readonly events: readonly StoredEvent[]
  /** No more will come: every box was asked. */
  readonly complete: boolean
  /** By box, why its events are not here, or not all. */
  readonly faults: ReadonlyMap<string, string>
}

type Ask = (values: Record<string, string | number | undefined>, signal?: AbortSignal) => Promise<Page<StoredEvent>>

/** A page of the list is drawn for so many; more are said to be there. */
export const MOST_EVENTS = 100_000
const PAGE = 2000
/** Faults that are spelled out. */
const MOST_SAID = 3

/** A box that does not answer keeps none of the others'. @param shown gets all so far, after each page */
export async function loadEvents(
  ask: Ask,
  wanted: Wanted,
  shown: (found: Found) => void,
  signal: AbortSignal,
): Promise<void> {
  const { devs, cam, class: of, zone, from, to } = wanted
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  const faults = new Map<string, string>()
  /** Boxes that have no camera, class or zone of that name: where another has it, nothing is wrong. */
  const strangers = new Map<string, string>()
  let events: StoredEvent[] = []
  for (const dev of devs) {
    let cursor: string | undefined
    do {
      try {
        const page: Page<StoredEvent> = await ask({ dev, cam, class: of, zone, ...times, limit: PAGE, cursor }, signal)
        if (signal.aborted) return
        events = merged(events, page.items)
        cursor = page.cursor === cursor ? undefined : page.cursor
      } catch (error) {
        if (signal.aborted) return
        const { message, status } = error as Error & { status?: number }
        const kind = status === 404 ? strangers : faults
        kind.set(dev, message)
        cursor = undefined
      }
      const complete = cursor === undefined && dev === devs.at(-1)
      if (complete && strangers.size === devs.length) for (const [box, text] of strangers) faults.set(box, text)
      if (events.length > MOST_EVENTS)
        return shown({ events: events.slice(0, MOST_EVENTS), complete: false, faults: new Map(faults) })
      shown({ events, complete, faults: new Map(faults) })
    } while (cursor !== undefined)
  }
  if (devs.length === 0) shown({ events: [], complete: true, faults })
}

/** Each sentence once, with the boxes that it is of; undefined: nothing is wrong. */
export function faultsSaid(faults: ReadonlyMap<string, string>): string | undefined {
  const boxes = new Map<string, string[]>()
  for (const [dev, text] of faults) boxes.set(text, [...(boxes.get(text) ?? []), dev])
  const said = [...boxes].map(([text, devs]) =>
    devs.every((dev) => text.includes(dev)) ? text : `${listed(devs)}: ${text}`,
  )
  return said.length === 0 ? undefined : listed(said, '; ')
}

function listed(words: readonly string[], between = ', '): string {
  const more = words.length - MOST_SAID
  return [...words.slice(0, MOST_SAID), ...(more > 0 ? [`and ${more} more`] : [])].join(between)
}

/** Both in order: what comes later is mostly behind what is there. */
export function merged(before: readonly StoredEvent[], more: readonly StoredEvent[]): StoredEvent[] {
  const last = before.at(-1)
  const both = [...before, ...more]
  if (!last || (more.length > 0 && more.every((one, i) => one.since >= (i === 0 ? last.since : more[i - 1].since))))
    return both
  return both.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0))
}
