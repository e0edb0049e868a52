/** What comes live, as the page keeps it: the newest of everything, and the last events. */
import type { CameraView, FrameResult, LiveMessage, StoredEvent } from '../source.js'

const MOST_EVENTS = 200
/** Results of so many frames wait for their picture. */
const MOST_RESULTS = 40

export class Feed {
  readonly cameras = new Map<string, CameraView>()
  /** Newest first; one entry for each event, as it stands now. */
  events: readonly StoredEvent[] = []
  /** The last that began or ended while this page was open. */
  news: StoredEvent | undefined
  notice: string | undefined
  private readonly results = new Map<string, FrameResult[]>()
  private readonly listeners = new Set<() => void>()

  hear(message: Exclude<LiveMessage, { kind: 'bits' }>): void {
    if (message.kind === 'camera') this.cameras.set(`${message.camera.dev}/${message.camera.cam}`, message.camera)
    else if (message.kind === 'event') this.happened(message.event)
    else if (message.kind === 'notice') this.notice = message.text
    else this.found(message.result)
    this.tell()
  }

  /** What came before this page was opened; what has come since is newer. */
  begin(before: readonly StoredEvent[]): void {
    for (const event of before) if (!this.events.some((one) => isSame(one, event))) this.put(event)
    this.tell()
  }

  list(): CameraView[] {
    return [...this.cameras.values()].sort((a, b) => `${a.dev}/${a.cam}`.localeCompare(`${b.dev}/${b.cam}`))
  }

  latest = (camera: string): FrameResult | undefined => this.results.get(camera)?.at(-1)

  /** Of that frame, else of the last one before it: an answer holds until the next. */
  resultOf(camera: string, boot: string, seq: number): FrameResult | undefined {
    return this.results.get(camera)?.findLast((one) => one.boot === boot && one.seq <= seq)
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }

  private happened(event: StoredEvent): void {
    if (event.phase !== 'update') this.news = event
    this.put(event)
  }

  /** By its beginning, so that an event keeps its place, and what a box tells late comes to where it belongs. */
  private put(event: StoredEvent): void {
    const others = this.events.filter((one) => !isSame(one, event))
    const at = this.events.findIndex((one) => isSame(one, event))
    const stays = this.events[at]?.since === event.since
    const older = stays ? at : others.findIndex(({ since }) => since <= event.since)
    const place = older < 0 ? others.length : older
    this.events = [...others.slice(0, place), event, ...others.slice(place)].slice(0, MOST_EVENTS)
  }

  /** A frame's tags and its mask come one after the other. */
  private found(result: FrameResult): void {
    const camera = `${result.dev}/${result.cam}`
    const results = this.results.get(camera) ?? []
    this.results.set(camera, results)
    const last = results.at(-1)
    if (last?.boot === result.boot && last.seq === result.seq) results[results.length - 1] = { ...last, ...result }
    else results.push(result)
    if (results.length > MOST_RESULTS) results.shift()
  }
}

const isSame = (a: StoredEvent, b: StoredEvent): boolean => a.id === b.id && a.dev === b.dev
