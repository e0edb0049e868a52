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

type Ask = (values: Record<string, string | number | undefined>, signal?: AbortSignal) => Promise<Page<StoredEvent>>

/** A page of the list is drawn for so many; more are said to be there. */
export const MOST_EVENTS = 100_000
const PAGE = 2000

/** In the order of their beginnings. @param shown gets all so far, after each page. @throws what the server says */
export async function loadEvents(
  ask: Ask,
  wanted: Wanted,
  shown: (events: readonly StoredEvent[], complete: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const { devs, cam, class: of, zone, from, to } = wanted
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  let events: StoredEvent[] = []
  for (const dev of devs) {
    let cursor: string | undefined
    do {
      const page: Page<StoredEvent> = await ask({ dev, cam, class: of, zone, ...times, limit: PAGE, cursor }, signal)
      if (signal.aborted) return
      events = merged(events, page.items)
      cursor = page.cursor === cursor ? undefined : page.cursor
      const complete = cursor === undefined && dev === devs.at(-1)
      if (events.length > MOST_EVENTS || (events.length === MOST_EVENTS && !complete))
        return shown(events.slice(0, MOST_EVENTS), false)
      shown(events, complete)
    } while (cursor !== undefined)
  }
  if (devs.length === 0) shown([], true)
}

/** Both in order: what comes later is mostly behind what is there. */
export function merged(before: readonly StoredEvent[], more: readonly StoredEvent[]): StoredEvent[] {
  const last = before.at(-1)
  const both = [...before, ...more]
  if (!last || (more.length > 0 && more.every((one, i) => one.since >= (i === 0 ? last.since : more[i - 1].since))))
    return both
  return both.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0))
}
