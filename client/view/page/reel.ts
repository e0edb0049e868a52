/** Which segments of a camera are played, one after the other: finds, fetches and opens them, and keeps the last few. */
import type { FrameResult, SegmentView } from '../source.js'
import type { FilmInfo } from './decoder/protocol.js'

export interface OpenFilm {
  readonly ref: string
  readonly id: number
  readonly info: FilmInfo
  /** By seq; filled when they come. */
  readonly results: Map<number, FrameResult>
}

export interface ReelDesk {
  open(bytes: Uint8Array): Promise<{ id: number; info: FilmInfo }>
  close(id: number): void
}

export interface ReelApi {
  segments(values: Record<string, string | number>): Promise<readonly SegmentView[]>
  segment(dev: string, ref: string): Promise<Uint8Array>
  results(values: Record<string, string | number>): Promise<{ items: readonly FrameResult[] }>
}

const KEPT = 4
/** A segment is some seconds; where none begins within these, the next is looked for further away. */
const STEPS_MS = [30_000, 600_000, 6 * 3_600_000]

export class Reel {
  private readonly films: OpenFilm[] = []
  private readonly opening = new Map<string, Promise<OpenFilm>>()

  constructor(
    private readonly api: ReelApi,
    private readonly desk: ReelDesk,
    private readonly dev: string,
    private readonly cam: string,
    /** Results have come of a film that is open. */
    private readonly found: () => void = () => {},
  ) {}

  /** The segment with the first frame at or after a time. @returns undefined: there is none for hours */
  async at(ms: number): Promise<OpenFilm | undefined> {
    const [first] = await this.find(ms, 1)
    return first && this.open(first.ref)
  }

  async after(film: OpenFilm): Promise<OpenFilm | undefined> {
    const last = film.info.frames.at(-1)!
    const found = await this.find(last.at + 1, 2)
    const next = found.find(({ ref }) => ref !== film.ref)
    return next && this.open(next.ref)
  }

  async before(film: OpenFilm): Promise<OpenFilm | undefined> {
    const first = film.info.frames[0].at
    const found = await this.list(first - STEPS_MS[0], first - 1, 500)
    const previous = found.filter(({ ref }) => ref !== film.ref).at(-1)
    return previous && this.open(previous.ref)
  }

  close(): void {
    for (const { id } of this.films) this.desk.close(id)
    this.films.length = 0
  }

  private async find(ms: number, limit: number): Promise<readonly SegmentView[]> {
    for (const step of STEPS_MS) {
      const found = await this.list(ms, ms + step, limit)
      if (found.length > 0) return found
    }
    return []
  }

  private list(from: number, to: number, limit: number): Promise<readonly SegmentView[]> {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
    return this.api.segments({ dev: this.dev, cam: this.cam, ...times, limit })
  }

  private open(ref: string): Promise<OpenFilm> {
    const there = this.films.find((film) => film.ref === ref)
    if (there) return Promise.resolve(there)
    let film = this.opening.get(ref)
    if (!film) {
      film = this.fetch(ref).finally(() => this.opening.delete(ref))
      this.opening.set(ref, film)
    }
    return film
  }

  private async fetch(ref: string): Promise<OpenFilm> {
    const { id, info } = await this.desk.open(await this.api.segment(this.dev, ref))
    const film: OpenFilm = { ref, id, info, results: new Map() }
    this.films.push(film)
    while (this.films.length > KEPT) this.desk.close(this.films.shift()!.id)
    void this.addResults(film)
    return film
  }

  /** Where they cannot be had there are no masks. */
  private async addResults({ info, results }: OpenFilm): Promise<void> {
    const from = info.frames[0].seq
    const to = info.frames.at(-1)!.seq
    const found = await this.api
      .results({ dev: this.dev, cam: this.cam, boot: info.boot, from, to })
      .catch(() => ({ items: [] }))
    for (const item of found.items) results.set(item.seq, { ...results.get(item.seq), ...item })
    if (found.items.length > 0) this.found()
  }
}

/** The frame that is shown at a time: the last one not after it. */
export function frameAt({ info }: Pick<OpenFilm, 'info'>, ms: number): number {
  return Math.max(
    0,
    info.frames.findLastIndex(({ at }) => at <= ms),
  )
}
