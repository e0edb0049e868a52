/** What of a camera is shown and what is shown next: one frame after the other, by wish or by itself. Nothing here draws. */
import type { FrameResult } from '../source.js'
import type { Painted } from './decoder/protocol.js'
import { frameAt, type OpenFilm, type Reel } from './reel.js'

export interface Shot {
  readonly film: OpenFilm
  readonly index: number
}

export interface Showing {
  readonly shot?: Shot | undefined
  readonly busy: boolean
  readonly playing: boolean
  readonly speed: number
  /** In a sentence: what cannot be shown. */
  readonly fault?: string | undefined
}

export interface Screen {
  frame(film: number, index: number): Promise<Painted>
  draw(painted: Painted): void
  changed(): void
  wait(ms: number): Promise<void>
}

const speeds = [1, 2, 4, 0.5]
/** Where nothing was recorded in between, it goes on after this. */
const LONGEST_GAP_MS = 2000

export class Projector {
  showing: Showing = { busy: true, playing: false, speed: 1 }
  /** What was wished for last: what an older wish brings is not shown. */
  private turn = 0
  /** Steps that are under way. */
  private stepping: Promise<void> | undefined
  private next: (() => Promise<void>) | undefined
  /** Which play is the one that goes on. */
  private run = 0

  constructor(
    private readonly reel: Pick<Reel, 'at' | 'after' | 'before' | 'close'>,
    private readonly screen: Screen,
  ) {}

  get shot(): Shot | undefined {
    return this.showing.shot
  }

  close(): void {
    this.turn++
    this.run++
    this.reel.close()
  }

  /** The frame of a time; where nothing was recorded, the first one after it. */
  async seek(ms: number): Promise<void> {
    if (this.shot && timeOf(this.shot) === ms) return
    await this.wish(async (mine) => {
      const film = await this.reel.at(ms)
      if (mine !== this.turn) return undefined
      if (film) return this.show(film, frameAt(film, ms), mine)
      this.change({ shot: undefined })
      return 'Nothing was recorded here, nor in the six hours after.'
    })
  }

  step(by: number): Promise<void> {
    return this.gently(() => {
      const from = this.shot
      return from ? this.wish((mine) => this.beside(from, by, mine)) : Promise.resolve()
    })
  }

  jump(index: number): Promise<void> {
    return this.gently(() => {
      const from = this.shot
      return from ? this.wish((mine) => this.show(from.film, index, mine)) : Promise.resolve()
    })
  }

  pause = (): void => {
    this.run++
    if (this.showing.playing) this.change({ playing: false })
  }

  faster(): void {
    this.change({ speed: speeds[(speeds.indexOf(this.showing.speed) + 1) % speeds.length] })
  }

  /** @returns when it is over */
  async play(): Promise<void> {
    const mine = ++this.run
    this.change({ playing: true })
    for (;;) {
      // Of a key that was pressed just before.
      await this.stepping
      const from = this.shot
      if (!from || mine !== this.run) break
      const began = performance.now()
      // The next one is there when it is wanted.
      if (from.index === 0) void this.reel.after(from.film).catch(() => {})
      await this.step(1)
      const now = this.shot
      if (!now || now === from || mine !== this.run) break
      const gap = Math.min(LONGEST_GAP_MS, Math.max(0, timeOf(now) - timeOf(from)))
      const due = gap / this.showing.speed - (performance.now() - began)
      if (due > 0) await this.screen.wait(due)
    }
    if (mine === this.run) this.change({ playing: false })
  }

  private async beside({ film, index }: Shot, by: number, mine: number): Promise<string | undefined> {
    const there = index + by
    if (there >= 0 && there < film.info.frames.length) return this.show(film, there, mine)
    const other = await (by > 0 ? this.reel.after(film) : this.reel.before(film))
    if (mine !== this.turn) return undefined
    if (other) return this.show(other, by > 0 ? 0 : other.info.frames.length - 1, mine)
    this.pause()
    return by > 0 ? 'That is all that was recorded so far.' : 'Nothing was recorded just before.'
  }

  private async show(film: OpenFilm, index: number, mine: number): Promise<undefined> {
    const painted = await this.screen.frame(film.id, index)
    if (mine !== this.turn) return
    this.screen.draw(painted)
    this.change({ shot: { film, index } })
  }

  /** One thing after the other: a newer wish makes an older one void. @param work gives what has to be said */
  private async wish(work: (mine: number) => Promise<string | undefined>): Promise<void> {
    const mine = ++this.turn
    this.change({ busy: true })
    let fault: string | undefined
    try {
      fault = await work(mine)
    } catch (error) {
      fault = (error as Error).message
      if (mine === this.turn) this.pause()
    }
    if (mine === this.turn) this.change({ busy: false, fault })
  }

  /** Of steps one is under way and the last one waits: a key that is held down must not make each void before it is shown. */
  private async gently(work: () => Promise<void>): Promise<void> {
    if (this.stepping) {
      this.next = work
      return
    }
    this.stepping = this.oneByOne(work)
    try {
      await this.stepping
    } finally {
      this.stepping = undefined
    }
  }

  private async oneByOne(work: () => Promise<void>): Promise<void> {
    for (let one: typeof this.next = work; one; one = this.next) {
      this.next = undefined
      await one()
    }
  }

  private change(change: Partial<Showing>): void {
    this.showing = { ...this.showing, ...change }
    this.screen.changed()
  }
}

export const timeOf = ({ film, index }: Shot): number => film.info.frames[index].at

/** Of the frame, else of the last one before it in its segment. */
export function resultOf({ film, index }: Shot): FrameResult | undefined {
  for (let i = index; i >= 0; i--) {
    const found = film.results.get(film.info.frames[i].seq)
    if (found) return found
  }
  return undefined
}
