/**
 * How many frames there are, written down so that a start does not count them: the table says how many have an id up to
 * `up_to`. A commit only adds behind that, and leaves it true as it stands; whatever else changes frames writes it anew in its own
 * transaction. What came since it was last written, and all of an archive of an older version, is counted in short steps.
 */
import type { Db, Statement } from './database.js'

/** Rows counted at once. */
const STEP_ROWS = 500
/** Commits after which it is written again: so many are counted after a kill. */
const SAVE_ROWS = 1000

interface State {
  /** Frames with an id up to `upTo`, */
  readonly counted: number
  readonly upTo: number
  /** and of those behind `before`, which came since the opening; until all between has been counted. */
  readonly fresh: number
}

export class FrameCount {
  private state: State
  private savedUpTo: number
  private readonly before: number
  private readonly write: Statement

  constructor(private readonly db: Db) {
    const saved = db.prepare('SELECT up_to AS upTo, frames AS counted FROM counted').get()
    const { upTo, counted } = (saved ?? { upTo: 0, counted: 0 }) as Pick<State, 'upTo' | 'counted'>
    this.before = (db.prepare('SELECT max(id) FROM frames').pluck().get() as number | null) ?? 0
    this.state = { counted, upTo, fresh: 0 }
    this.savedUpTo = upTo
    this.write = db.prepare('INSERT OR REPLACE INTO counted (one, up_to, frames) VALUES (1, ?, ?)')
    this.step()
  }

  /** Too few until it is complete. */
  get frames(): number {
    return this.state.counted + this.state.fresh
  }

  get complete(): boolean {
    return this.state.upTo >= this.before
  }

  /** @returns true when there is more to do */
  step(): boolean {
    if (this.complete) return false
    const rows = `SELECT id FROM frames WHERE id > ? AND id <= ? ORDER BY id LIMIT ${STEP_ROWS}`
    const found = this.db.prepare(`SELECT max(id) AS upTo, count(*) AS frames FROM (${rows})`)
    const { upTo, frames } = found.get(this.state.upTo, this.before) as { upTo: number | null; frames: number }
    const counted = this.state.counted + frames
    const last = frames === STEP_ROWS ? upTo! : this.before
    this.state = { ...this.state, counted, upTo: last }
    return !this.complete
  }

  added(id: number): void {
    this.change(id, 1)
  }

  /** Inside the transaction that removes it, and so `save`. */
  removed(id: number): void {
    this.change(id, -1)
  }

  /** Inside the transaction of what is not a commit. */
  save(): void {
    if (this.complete) this.state = { counted: this.frames, upTo: Math.max(this.state.upTo, this.newest()), fresh: 0 }
    this.write.run(this.state.upTo, this.state.counted)
    this.savedUpTo = this.state.upTo
  }

  /** Now and then, so that little is left to count after a kill. */
  keepUp(): void {
    const upTo = this.complete ? this.newest() : this.state.upTo
    if (upTo - this.savedUpTo >= SAVE_ROWS) this.save()
  }

  /** What a transaction does to it, or nothing if that fails. */
  within(work: () => void): void {
    const { state, savedUpTo } = this
    try {
      work()
    } catch (error) {
      this.state = state
      this.savedUpTo = savedUpTo
      throw error
    }
  }

  private change(id: number, by: number): void {
    const { counted, fresh, upTo } = this.state
    if (id <= upTo) this.state = { ...this.state, counted: counted + by }
    else if (id > this.before) this.state = { ...this.state, fresh: fresh + by }
  }

  private newest(): number {
    return (this.db.prepare('SELECT max(id) FROM frames').pluck().get() as number | null) ?? 0
  }
}
