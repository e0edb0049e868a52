/**
 * Takes over what can be read of a database that was set aside: every page by itself, so that a damaged one costs what stands
 * in it and no more, in steps so short that the live work does not notice. First what the outbox still had to publish, then
 * the frames. A frame that is there already stays as it is, so a step may be done twice: after a restart it goes on where it
 * last noted its progress, beside the file. The file itself is only read.
 */
import { existsSync, lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import type { OldFrame } from '../outbox.js'
import type { Archive, ArchiveLimits } from './archive.js'
import { kindOf, PageKind, rowsOf } from './cells.js'
import { inWords } from './faults.js'
import { frameOf, isFrame, isName, outboxRow } from './old-frames.js'
import { Pages } from './pages.js'
import { PendingFrames } from './pending.js'

/** Of the main thread, and then nothing for five times as long. */
const STEP_MS = 8
const REST_MS = 40
const NOTE_MS = 5000
const WAIT_MS = 30_000
/** Between two notices that there is more to publish. */
const TELL_MS = 60_000
/** Left free beside the limit: what live frames need until the next look. */
const SPARE_BYTES = 32e6
const BATCH_FRAMES = 64

export interface SalvageProgress {
  readonly file: string
  /** 0 to 1. */
  readonly part: number
  readonly taken: number
  readonly unreadable: number
  readonly waiting?: string
}

interface Note {
  page: number
  taken: number
  /** In the archive already, or over its limits. */
  passed: number
  unreadable: number
  done: boolean
}

export const noteOf = (file: string): string => `${file}.taken-over.json`

/** What is left to do of a file; undefined once all of it has been taken over. */
export function readNote(file: string): Note {
  const begin = { page: 1, taken: 0, passed: 0, unreadable: 0, done: false }
  try {
    return existsSync(noteOf(file)) ? { ...begin, ...JSON.parse(readFileSync(noteOf(file), 'utf8')) } : begin
  } catch {
    return begin
  }
}

export class Salvage {
  private readonly note: Note
  private pages: Pages | undefined
  private scanned = 1
  private names = 0
  private readonly pending = new PendingFrames()
  private timer: NodeJS.Timeout | undefined
  private notedAt = performance.now()
  private waiting: string | undefined
  private free = new Set<number>()
  private toldAt = performance.now()
  private untold = false
  private fullFromUs = 0

  constructor(
    readonly file: string,
    private readonly archive: () => Archive | undefined,
    private readonly limits: ArchiveLimits,
    private readonly log: Log,
    /** Told when there are frames to publish, and at the end. */
    private readonly told: { pending(): void; done(): void },
  ) {
    this.note = readNote(file)
  }

  /** Nothing is done with that could not be opened: the file may be root's, or the disk away for a moment. */
  start(): void {
    clearTimeout(this.timer)
    try {
      this.pages = Pages.open(this.file)
      this.free = this.pages.free()
      this.waiting = undefined
      this.log.info({ file: this.file, pages: this.pages.count, from: this.note.page }, 'taking over what can be read')
      this.rest(REST_MS)
    } catch (error) {
      if ((error as { code?: string }).code === 'EISDIR') this.finish()
      else if (!lstatSync(this.file, { throwIfNoEntry: false })) this.told.done()
      else {
        this.wait(`it cannot be opened (${messageOf(error)}); ${inWords(error, this.file)}`)
        this.timer = setTimeout(() => this.start(), WAIT_MS)
      }
    }
  }

  stop(): void {
    clearTimeout(this.timer)
    if (this.pages) this.write()
    this.pages?.close()
    this.pages = undefined
  }

  get progress(): SalvageProgress {
    const { taken, unreadable } = this.note
    const all = this.pages ? this.pages.count * 2 : Number.POSITIVE_INFINITY
    const part = all ? Number(((this.scanned + this.note.page - 2) / all).toFixed(3)) : 1
    return { file: basename(this.file), part, taken, unreadable, ...(this.waiting && { waiting: this.waiting }) }
  }

  /** @returns false when there is nothing more to do */
  step(ms = STEP_MS): boolean {
    const { pages } = this
    if (!pages) return false
    const until = performance.now() + ms
    while (performance.now() < until) {
      if (this.scanned <= pages.count) this.scan(pages, this.scanned++)
      else if (this.note.page > pages.count) return false
      else if (!this.takeOver(pages)) break
    }
    return true
  }

  private rest(ms: number): void {
    this.timer = setTimeout(() => {
      try {
        if (!this.step()) {
          this.finish()
          return
        }
      } catch (error) {
        this.wait(messageOf(error)) // a full disk, or the new database has its own trouble
      }
      if (performance.now() - this.notedAt > NOTE_MS) this.write()
      if (performance.now() - this.toldAt > TELL_MS) this.tell()
      this.rest(this.waiting ? WAIT_MS : REST_MS)
    }, ms)
  }

  /** What the outbox had, and how many frames there were. */
  private scan(pages: Pages, number: number): void {
    const page = this.free.has(number) ? undefined : pages.read(number)
    if (page) this.scanPage(page, number)
    if (number === pages.count) this.pending.complete((page) => pages.readApart(page))
  }

  private scanPage(page: Buffer, number: number): void {
    const kind = kindOf(page, number)
    this.pending.see(page, number)
    if (kind === PageKind.tableLeaf) this.scanRows(page, number)
    else this.scanNames(page, number)
  }

  private scanRows(page: Buffer, number: number): void {
    for (const row of rowsOf(page, number, () => undefined)) {
      const waits = row && outboxRow(row)
      if (!waits) return // of another table
      this.pending.add(waits.id, waits.parts)
    }
  }

  private scanNames(page: Buffer, number: number): void {
    for (const row of rowsOf(page, number, () => undefined)) {
      if (!row) continue
      if (!isName(row)) return
      this.names++
      this.pending.newest(row.values[3] as number)
    }
  }

  /** Some pages of frames, in one transaction. @returns false when it has to wait */
  private takeOver(pages: Pages): boolean {
    const archive = this.archive()
    if (!archive) return this.wait('there is no archive')
    if (archive.freeBytes() < this.limits.minFreeBytes + SPARE_BYTES)
      return this.wait('the disk has no room for a second copy: copy the file away and remove it here, or make room')
    this.waiting = undefined
    const frames: OldFrame[] = []
    let page = this.note.page
    let unreadable = 0
    for (; page <= pages.count && frames.length < BATCH_FRAMES; page++) {
      const bytes = this.free.has(page) ? undefined : pages.read(page)
      if (!bytes || kindOf(bytes, page) !== PageKind.tableLeaf) continue
      for (const row of rowsOf(bytes, page, (number) => pages.readApart(number))) {
        if (row && !isFrame(row)) continue
        const frame = row && frameOf(row, (id) => this.pending.parts(id))
        if (frame) frames.push(frame)
        else unreadable++
      }
    }
    const wanted = this.withinLimits(archive, frames)
    const taken = archive.adopt(wanted)
    if (taken > 0 && wanted.some(({ parts }) => parts)) this.untold = true
    this.note.page = page
    this.note.taken += taken
    this.note.passed += frames.length - taken
    this.note.unreadable += unreadable
    return true
  }

  /** A full archive takes nothing that would be the first to go. */
  private withinLimits(archive: Archive, frames: OldFrame[]): OldFrame[] {
    const { bytes, oldestUs } = archive.stats
    if (bytes < this.limits.maxBytes || oldestUs === null) return frames
    // What was taken over all the same is older, and no reason to take more.
    this.fullFromUs = Math.max(this.fullFromUs, oldestUs)
    return frames.filter(({ timeUs, pinned, parts }) => pinned || parts || timeUs > this.fullFromUs)
  }

  private wait(reason: string): false {
    if (this.waiting !== reason) this.log.warn({ file: this.file, reason }, 'taking over the old archive waits')
    this.waiting = reason
    return false
  }

  finish(): void {
    const { note } = this
    // The index names frames whose own pages are gone.
    const { taken, passed } = note
    note.unreadable = Math.max(note.unreadable, this.names - taken - passed)
    note.done = true
    this.stop()
    this.write()
    this.log.warn(
      { file: this.file, taken, passed, unreadable: note.unreadable },
      'the damaged archive is taken over as far as it can be read; the file is no longer needed and can be removed',
    )
    this.tell()
    this.told.done()
  }

  private tell(): void {
    this.toldAt = performance.now()
    if (this.untold) this.told.pending()
    this.untold = false
  }

  private write(): void {
    this.notedAt = performance.now()
    try {
      writeFileSync(`${noteOf(this.file)}.new`, JSON.stringify(this.note))
      renameSync(`${noteOf(this.file)}.new`, noteOf(this.file))
    } catch {
      // Only speed is lost: without the note a restart begins anew, and finds its frames there.
    }
  }
}
