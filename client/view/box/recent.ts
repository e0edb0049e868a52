/** The last events of every box: asked for once of each, then kept up by what comes. So a page that is opened begins with them. */
import type { EventQuery, Page, StoredEvent } from '../source.js'

export const RECENT_MS = 3_600_000
export const MOST_RECENT = 200
/** Boxes that are asked at the same time, and pages of one: more of an hour is nothing to read through. */
const AT_ONCE = 4
const MOST_PAGES = 4

export class Recent {
  /** By dev/id. */
  private readonly events = new Map<string, StoredEvent>()
  private readonly asked = new Map<string, Promise<void>>()

  constructor(
    private readonly ask: (query: EventQuery) => Promise<Page<StoredEvent>>,
    private readonly now = () => Date.now(),
  ) {}

  add(event: StoredEvent): void {
    const key = `${event.dev}/${event.id}`
    this.events.delete(key)
    this.events.set(key, event)
    if (this.events.size > 2 * MOST_RECENT)
      for (const old of [...this.events.values()].sort(newestFirst).slice(MOST_RECENT))
        this.events.delete(`${old.dev}/${old.id}`)
  }

  /** Something may have been missed: the boxes are asked anew. */
  forget = (): void => this.asked.clear()

  /** Newest first. A box that is away or silent adds nothing. */
  async list(devs: readonly string[]): Promise<StoredEvent[]> {
    const waiting = [...devs]
    const work = async () => {
      for (let dev = waiting.shift(); dev !== undefined; dev = waiting.shift()) await this.once(dev)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const since = this.now() - RECENT_MS
    const found = [...this.events.values()].filter(({ until, phase }) => phase !== 'end' || Date.parse(until) >= since)
    return found.sort(newestFirst).slice(0, MOST_RECENT)
  }

  private once(dev: string): Promise<void> {
    let asking = this.asked.get(dev)
    if (!asking) {
      asking = this.load(dev).catch(() => void this.asked.delete(dev))
      this.asked.set(dev, asking)
    }
    return asking
  }

  private async load(dev: string): Promise<void> {
    const to = this.now()
    const times = { from: new Date(to - RECENT_MS).toISOString(), to: new Date(to).toISOString() }
    let cursor: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const found: Page<StoredEvent> = await this.ask({ dev, ...times, limit: 500, cursor })
      // What has come meanwhile is newer.
      for (const event of found.items) if (!this.events.has(`${event.dev}/${event.id}`)) this.add(event)
      cursor = found.cursor
      if (cursor === undefined) return
    }
  }
}

const newestFirst = (a: StoredEvent, b: StoredEvent): number => (a.since < b.since ? 1 : a.since > b.since ? -1 : 0)
