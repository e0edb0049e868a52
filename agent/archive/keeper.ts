/**
 * Keeps an archive for the agent, or goes on without one. What cannot be opened is tried again; a damaged database is set
 * aside, a new one begun at once, and what can be read of the old one taken over beside the work. Whoever asks while there is
 * no archive finds an empty outbox and is told the reason.
 */
import { statSync } from 'node:fs'
import { Backoff } from '../../contract/backoff.js'
import type { Line, Moment, Past } from '../clock.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import type { EventRecord, NewFrame, Outbox, Settled, StoredFrame } from '../outbox.js'
import { Archive, type ArchiveLimits } from './archive.js'
import { damagedFiles, setAside } from './aside.js'
import { ArchiveError } from './database.js'
import type { Evicted } from './evictions.js'
import { failureInWords, isDamage, isFull, isReadFailure } from './faults.js'
import { readNote, Salvage, type SalvageProgress } from './salvage.js'

export interface KeeperEvents {
  /** Frames are archived again, or not any more and why. */
  changed(reason: string | undefined): void
  /** Another database is there than before, perhaps with frames that nobody has published. */
  opened(): void
  /** As above, and not only more of one that is being taken over. @param ended events that it knows to go on, as ended */
  another(ended: readonly EventRecord[]): void
}

const STEPS = 20
/** A disk that was full is tried again after this long. */
const FULL_RETRY_MS = 10_000
/** Between two steps of counting what a large archive holds. */
const COUNT_REST_MS = 40
const OPEN_RETRY_MS = { first: 1000, most: 30_000 }
/** A disk that damages every new database must not be filled with them. */
const ASIDE_MS = { first: 60_000, most: 3_600_000 }
/** Reads that fail once may be a loose cable; so many, and the file has a place that cannot be read. */
const READ_FAILURES = 3
/** Ids of a new database begin behind those of the old one, which may be unreadable: so many fit in a second since 2020. */
const IDS_A_SECOND = 2 ** 20
const EPOCH_MS = Date.UTC(2020, 0, 1)

const EMPTY: Archive['stats'] = {
  bytes: 0,
  frames: 0,
  counted: true,
  outboxBytes: 0,
  outboxRows: 0,
  oldestUnpublishedUs: null,
  oldestUs: null,
}

export class Keeper implements Outbox {
  /** Why no frame is archived now. */
  reason: string | undefined
  private archive: Archive | undefined
  private inode = 0
  private lastId = 0
  private before: Archive['counters'] = {
    archived: 0,
    evicted: 0,
    unpublishedDropped: 0,
    thinned: 0,
    restamped: 0,
  }
  private readonly retry = new Backoff(OPEN_RETRY_MS.first, OPEN_RETRY_MS.most)
  private readonly asides = new Backoff(ASIDE_MS.first, ASIDE_MS.most)
  private nextAsideAt = 0
  private readFailures = 0
  private pausedUntil = 0
  private timer: NodeJS.Timeout | undefined
  private counting: NodeJS.Timeout | undefined
  private stopped = false
  private salvage: Salvage | undefined

  constructor(
    private readonly stateDir: string,
    private readonly limits: ArchiveLimits,
    private readonly log: Log,
    private readonly events: KeeperEvents,
    private readonly now: () => Moment,
  ) {}

  /** @throws {ArchiveError} only when another agent runs on this archive */
  start(): void {
    this.open((error) => {
      if (error.fault === 'taken') throw error
    })
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    clearTimeout(this.counting)
    this.salvage?.stop()
    this.close()
  }

  get path(): string | undefined {
    return this.archive?.path
  }

  /** Of a damaged database that is being taken over. */
  get takingOver(): SalvageProgress | undefined {
    return this.salvage?.progress
  }

  /** @returns whether the frame is in the archive */
  commit(frame: NewFrame): boolean {
    if (performance.now() < this.pausedUntil) return false
    for (let attempt = 0; this.archive && attempt < 3; attempt++) {
      try {
        this.lastId = this.archive.commit(frame)
        this.works()
        return true
      } catch (error) {
        if (this.broken(error)) continue
        if (isFull(error) && attempt === 0 && this.evictForRoom()) continue
        this.pausedUntil = performance.now() + FULL_RETRY_MS
        this.fails(failureInWords(error, this.archive.path))
        return false
      }
    }
    return false
  }

  /**
   * Moves frames to their right time, brings archive and outbox under their limits, and looks whether the database is still the
   * one that was opened.
   * @returns whether nothing is left to do
   */
  upkeep(): boolean {
    if (!this.archive) return true
    if (this.inode !== inodeOf(this.archive.path)) {
      this.log.warn(
        { archive: this.archive.path },
        'the archive is not where it was (moved, or its disk mounted anew): opened again',
      )
      this.close()
      this.open()
      return true
    }
    try {
      const moved = steps(() => this.archive?.restamp())
      return steps(() => this.archive?.enforce(this.limits, this.now(), !this.salvage)) && moved
    } catch (error) {
      if (!this.broken(error)) this.log.warn({ reason: messageOf(error) }, 'retention did not run')
      return false
    }
  }

  /** See agent/clock.ts. */
  past(): Past {
    return this.quietly((archive) => archive.past(), { newestMs: null, line: null })
  }

  /** @throws when it could not be written down */
  timedBy(line: Line, nowMs: number): void {
    if (this.archive) this.use((archive) => archive.timedBy(line, nowMs))
  }

  takeEvictions(): Evicted[] {
    return this.archive?.takeEvictions() ?? []
  }

  get lagMs(): number {
    return this.archive?.lagMs ?? 0
  }

  unpublished(...query: Parameters<Outbox['unpublished']>): StoredFrame[] {
    return this.quietly((archive) => archive.unpublished(...query), [])
  }

  lastUnpublishedBefore(timeUs: number): number {
    return this.quietly((archive) => archive.lastUnpublishedBefore(timeUs), 0)
  }

  settle(settled: readonly Settled[]): void {
    this.use((archive) => archive.settle(settled))
  }

  find: Archive['find'] = (...of) => this.use((archive) => archive.find(...of))
  wasSeen: Archive['wasSeen'] = (...of) => this.use((archive) => archive.wasSeen(...of))
  list: Archive['list'] = (query) => this.use((archive) => archive.list(query))
  listOfEvents: Archive['listOfEvents'] = (query) => this.use((archive) => archive.listOfEvents(query))
  endedEvents: Archive['endedEvents'] = () => this.use((archive) => archive.endedEvents())
  readBits: Archive['readBits'] = (...of) => this.use((archive) => archive.readBits(...of))
  lastSeen: Archive['lastSeen'] = (...of) => this.use((archive) => archive.lastSeen(...of))
  results: Archive['results'] = (...of) => this.use((archive) => archive.results(...of))
  segment: Archive['segment'] = (...of) => this.use((archive) => archive.segment(...of))
  pin: Archive['pin'] = (...of) => this.use((archive) => archive.pin(...of))

  get stats(): Archive['stats'] {
    return this.quietly((archive) => archive.stats, EMPTY)
  }

  get oldestPlainUs(): number | null {
    return this.quietly((archive) => archive.oldestPlainUs, null)
  }

  /** Since the agent started, over all databases. */
  get counters(): Archive['counters'] {
    const now = this.archive?.counters
    if (!now) return this.before
    const sums = Object.entries(this.before).map(([name, n]) => [name, n + now[name as keyof typeof now]])
    return Object.fromEntries(sums) as Archive['counters']
  }

  freeBytes(): number {
    return this.quietly((archive) => archive.freeBytes(), 0)
  }

  private quietly<T>(action: (archive: Archive) => T, otherwise: T): T {
    if (!this.archive) return otherwise
    try {
      return this.use(action)
    } catch (error) {
      if (this.archive) this.log.warn({ reason: messageOf(error) }, 'the archive did not answer')
      return otherwise
    }
  }

  private use<T>(action: (archive: Archive) => T): T {
    if (!this.archive) throw new Error(`there is no archive now: ${this.reason}`)
    try {
      return action(this.archive)
    } catch (error) {
      if (this.broken(error)) throw new Error('the archive was found damaged; try again', { cause: error })
      throw error
    }
  }

  /** Deals with an error that means that this database cannot go on. */
  private broken(error: unknown): boolean {
    const damage = isDamage(error)
    if (!damage && !isReadFailure(error)) return false
    if (!damage) this.readFailures++
    const reason = messageOf(error)
    this.close()
    if (damage || this.readFailures >= READ_FAILURES) this.putAside(reason)
    else this.absent(`the disk did not give back what is on it (${reason})`)
    return true
  }

  private open(refused: (error: ArchiveError) => void = () => {}): void {
    if (this.stopped) return
    clearTimeout(this.timer)
    try {
      this.take(Archive.open(this.stateDir))
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      refused(error)
      if (isReadFailure(error.cause)) this.readFailures++
      if (error.fault === 'damaged' || this.readFailures >= READ_FAILURES) this.putAside(error.message)
      else this.absent(error.message)
    }
  }

  private take(archive: Archive): void {
    this.archive = archive
    this.inode = inodeOf(archive.path)
    this.retry.reset()
    this.readFailures = 0
    this.works()
    this.events.another(this.quietly((open) => open.endedEvents(), []))
    this.events.opened()
    this.countOn()
    this.takeOver()
  }

  private countOn(): void {
    const more = this.archive && this.quietly((archive) => archive.countOn(), true)
    clearTimeout(this.counting)
    if (more && !this.stopped) this.counting = setTimeout(() => this.countOn(), COUNT_REST_MS)
  }

  /** The oldest damaged database that is not done with, and then the next one. */
  private takeOver(): void {
    if (this.salvage || this.stopped) return
    const file = damagedFiles(this.stateDir).find((one) => !readNote(one).done)
    if (!file) {
      this.quietly((archive) => archive.believeEvents(), undefined)
      return
    }
    this.salvage = new Salvage(file, () => this.archive, this.limits, this.log, {
      pending: () => this.events.opened(),
      done: () => {
        this.salvage = undefined
        this.takeOver()
      },
    })
    this.salvage.start()
  }

  private putAside(reason: string): void {
    const now = performance.now()
    if (now < this.nextAsideAt) {
      this.absent(`damaged again within minutes (${reason}): check the disk`)
      return
    }
    try {
      const aside = setAside(this.stateDir)
      this.nextAsideAt = now + this.asides.next()
      this.log.error(
        { reason, aside },
        'the archive is damaged: it is set aside and a new one begun; what can be read is taken over',
      )
      const archive = Archive.open(this.stateDir)
      archive.beginAfter(Math.max(this.lastId, Math.floor((this.now().timeMs - EPOCH_MS) / 1000) * IDS_A_SECOND))
      this.take(archive)
    } catch (error) {
      this.absent(`${reason}; it cannot be set aside (${messageOf(error)})`)
    }
  }

  private absent(reason: string): void {
    this.fails(reason)
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => this.open(), this.retry.next())
  }

  private close(): void {
    const { archive } = this
    if (!archive) return
    this.before = this.counters
    this.archive = undefined
    try {
      archive.close()
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'the archive was not closed cleanly')
    }
  }

  private works(): void {
    this.pausedUntil = 0
    if (this.reason === undefined) return
    this.reason = undefined
    this.log.info({}, 'the archive takes frames again')
    this.events.changed(undefined)
  }

  private fails(reason: string): void {
    if (this.reason === reason) return
    this.reason = reason
    this.log.error(
      { reason },
      'the archive cannot take frames; until it can, results are published without a bitstream behind them',
    )
    this.events.changed(reason)
  }

  private evictForRoom(): boolean {
    try {
      return (this.archive?.evictOldest(this.limits, this.now()) ?? 0) > 0
    } catch {
      return false
    }
  }
}

/** Short ones, not too many at once: commits go on between. @returns whether that was all */
function steps(step: () => boolean | undefined): boolean {
  for (let n = 0; n < STEPS; n++) if (!step()) return true
  return false
}

/** 0: not there, or a file stands where its folder was, which Node reports by throwing. */
function inodeOf(path: string): number {
  try {
    return statSync(path).ino
  } catch {
    return 0
  }
}
