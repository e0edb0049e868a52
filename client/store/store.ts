/**
 * Where a fleet's messages are kept: one interface for SQLite and PostgreSQL. A message is kept once, by (dev, cam, boot, seq, kind),
 * of events by (dev, id, phase, boot, seq), however often it comes.
 */
import type { ResultKind } from '../../contract/topics.js'
import type { Incoming } from '../listen/incoming.js'
import type { Span } from '../listen/sequence.js'

export interface Tally {
  /** By kind. */
  readonly added: Readonly<Record<ResultKind, number>>
  readonly duplicates: number
}

/** A box or, with `cam`, a camera, as it last said. */
export type StateMessage = {
  readonly dev: string
  /** When it came here, UTC. */
  readonly at: string
} & (
  | { readonly what: 'state'; readonly state: string; readonly reason?: string | undefined; readonly session: string }
  | {
      readonly what: 'camera'
      readonly cam: string
      readonly state: string
      readonly reason: string
      readonly since: string
    }
  | { readonly what: 'now'; readonly cam: string; readonly json: string }
  | { readonly what: 'info'; readonly json: string; readonly boot: string }
  | { readonly what: 'health'; readonly json: string; readonly runs?: readonly Told[] }
)

/** Of a camera's run, how far the broker has it, as its box says. */
export interface Told {
  readonly cam: string
  readonly boot: string
  /**
   * all: it began while somebody listened. onwards: what comes from now on, unless it is known already. known: of any time, and of a run
   * that is not known it says nothing.
   */
  readonly due: 'all' | 'onwards' | 'known'
  /** It leaves frames out. */
  readonly thinned: boolean
  /** Highest seq of each kind. */
  readonly newest: { readonly [K in Exclude<ResultKind, 'evt'>]?: number | undefined }
}

/** What could not be understood, kept so that nothing is lost that a later version could read. */
export interface Reject {
  readonly at: string
  readonly topic: string
  readonly reason: string
  readonly payload: Uint8Array
}

/** One run of a box, as one camera saw it. */
export interface Stream {
  readonly id: number
  readonly dev: string
  readonly cam: string
  readonly boot: string
  /** First seq that has to be there: 0 for a run that began while its camera was known here, else of the first segment that came. */
  readonly start: number
  /** UTC, of frames that are here; where there are none first is after last. */
  readonly first: string
  readonly last: string
  /** It leaves frames out and says so (`prev`). */
  readonly thinned: boolean
  /** Whether a later run of the box has begun. */
  readonly over: boolean
  /** Whether its box has been asked what came last. */
  readonly closed: boolean
}

/** What is and is not here of a stream. */
export interface Coverage {
  readonly stream: Stream
  readonly kind: Exclude<ResultKind, 'evt'>
  readonly frames: number
  /** Highest seq that is here; -1: none. */
  readonly seen: number
  /** Highest seq that there is, as far as is known. */
  readonly last: number
  /** May still come: from the broker, or from the box when it is asked. */
  readonly missing: readonly Span[]
  /** The box has said that it has them no more. */
  readonly gone: readonly (Span & { readonly reason: string })[]
}

/** Bitstreams that are noted as here and lie nowhere. */
export interface Absent {
  /** They were here. */
  readonly lost: readonly Span[]
  /** The run leaves frames out, and nothing says whether these are among them: over MQTT 3.1.1, or kept by an earlier version. */
  readonly unproven: readonly Span[]
  /** Frames that the box has left out, as one behind them has told. */
  readonly leftOut: number
  readonly unsure?: Unsure
}

/** So many that are noted, with a lower seq: they were forgotten with their days, or kept by a version that could not tell. */
export interface Unsure {
  readonly before: number
  readonly count: number
}

/** Of the results of one kind that are noted as here. */
export interface AbsentResults {
  readonly stream: number
  readonly kind: Exclude<ResultKind, 'evt' | 'bits'>
  readonly lost: readonly Span[]
  /** As `Absent` has them. */
  readonly leftOut: number
  readonly unsure?: Unsure
}

export interface CoverageFilter {
  readonly dev?: string | undefined
  /** Without the runs that are over and whole, which only grow in number. */
  readonly closed?: false
  /** Of those that have records lying one by one. */
  readonly loose?: true
}

export interface TimeRange {
  readonly dev?: string | undefined
  readonly cam?: string | undefined
  /** UTC, ISO 8601 with Z. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly limit: number
  /** As the page before said. */
  readonly cursor?: string | undefined
}

export interface EventQuery extends TimeRange {
  readonly class?: string | undefined
  readonly zone?: string | undefined
  readonly event?: string | undefined
  readonly newestFirst?: boolean
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly cursor?: string | undefined
}

/** As its latest message said it. */
export interface EventRow {
  readonly dev: string
  readonly cam: string
  readonly id: string
  readonly class: string
  readonly label: string
  readonly zone: string | null
  readonly since: string
  readonly until: string
  readonly ended: boolean
  readonly peak: { readonly p: number; readonly share: number; readonly ts: string }
  readonly bits: { readonly first: string; readonly last: string }
}

export interface SegmentRow {
  readonly dev: string
  /** cam/boot/seq of its keyframe. */
  readonly ref: string
  readonly last: number
  readonly frames: number
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** Hash in its frames' header. */
  readonly bundle: string
  /** Whether it lies as one object; else its frames still do one by one. */
  readonly sealed: boolean
}

export interface ResultRow {
  readonly seq: number
  readonly kind: 'cls' | 'seg'
  readonly time: string
  readonly json: string
}

export interface DeviceRow {
  readonly dev: string
  readonly state: string | null
  readonly reason: string | null
  readonly at: string
  readonly info: string | null
  readonly health: string | null
  readonly cameras: readonly {
    readonly cam: string
    readonly state: string | null
    readonly reason: string | null
    readonly since: string | null
    readonly now: string | null
    /** UTC, of the newest frame that is here. */
    readonly last: string | null
  }[]
}

/** Records that lie one by one, of one stream. */
export interface LooseRecord {
  readonly seq: number
  readonly position: number
  readonly time: string
  readonly bytes: Uint8Array
}

/** A segment as one file, `data` where no object store is set up. */
export interface Sealed {
  readonly seq: number
  readonly last: number
  readonly frames: number
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly sha256: string
  readonly bundle: string
  readonly place?: string | undefined
  readonly data?: Uint8Array | undefined
}

/** A segment that lies elsewhere. */
export interface Placed {
  readonly stream: number
  readonly seq: number
  readonly place: string
  readonly sha256: string
  /** Its object was not there, or damaged, when it was looked at last. */
  readonly lost: boolean
}

export interface Totals {
  readonly devices: number
  readonly cameras: number
  /** In PostgreSQL, of days of more than some hundred MB, about. */
  readonly results: number
  readonly events: number
  readonly records: number
  readonly segments: number
  readonly rejects: number
}

export interface Expired {
  readonly results: number
  readonly events: number
  readonly segments: number
}

/** What is gone already is no failure: after a crash it is called again. */
export type DeleteObjects = (places: readonly string[]) => Promise<void>

export interface Store {
  /** Where it is, without passwords. */
  readonly name: string
  /** All or nothing, on the disk when it resolves. @throws {StoreError} */
  commit(messages: readonly Incoming[], at: string): Promise<Tally>
  note(state: StateMessage): Promise<void>
  reject(reject: Reject): Promise<void>

  coverage(filter?: CoverageFilter): Promise<Coverage[]>
  /** The box has these no more: they are missing no longer. */
  gone(stream: number, kinds: readonly ResultKind[], spans: readonly Span[], reason: string, at: string): Promise<void>
  /** The box has not published these: they are missing no longer. */
  leftOut(stream: number, kinds: readonly ResultKind[], spans: readonly Span[]): Promise<void>

  /** Of a run that is over: its box has said what came last. */
  closeRun(stream: number): Promise<void>

  devices(): Promise<DeviceRow[]>
  events(query: EventQuery): Promise<Page<EventRow>>
  segments(query: TimeRange): Promise<Page<SegmentRow>>
  /** Frames of each of so many equal parts of the time. */
  activity(
    dev: string,
    cam: string,
    from: string,
    to: string,
    parts: number,
  ): Promise<{ frames: number; motion: number }[]>
  results(dev: string, cam: string, boot: string, from: number, to: number): Promise<ResultRow[]>

  /** Streams that have records lying one by one. */
  loose(): Promise<{ stream: Stream; first: number; last: number; lastAt: string }[]>
  records(stream: number, from: number, limit: number): Promise<LooseRecord[]>
  sealed(stream: number, seq: number): Promise<Sealed | undefined>
  /** An object is about to be put there, under a name that nobody else uses: until a segment names it, it may be swept. */
  claim(place: string, at: string): Promise<void>
  /**
   * Keeps a segment, and forgets the records that it is made of. Its object was claimed and put before; that of a shorter one is an
   * orphan from now on.
   * @returns false: a longer one is there, of another collector, or the claim was given up; nothing was changed
   */
  seal(stream: number, sealed: Sealed): Promise<boolean>
  /**
   * Records that nothing can ever be made of: they are here no longer, but gone.
   * @param lacking those that are lacked for that: if one of them is here by now nothing is done
   * @returns how many
   */
  forget(
    stream: number,
    seqs: readonly number[],
    reason: string,
    at: string,
    lacking?: readonly number[],
  ): Promise<number>
  /** A record that can never join its segment: it is kept as a reject, and missing again. */
  setAside(stream: number, seq: number, reason: string, at: string): Promise<void>
  /** Bitstreams that were noted as here: those of them that are not are missing again, and asked for. @returns how many */
  recant(stream: number, span: Span): Promise<number>
  /** By stream, bitstreams that are noted as here and lie nowhere; of streams that have none there is nothing. */
  absent(filter?: Pick<CoverageFilter, 'dev' | 'closed'>): Promise<ReadonlyMap<number, Absent>>
  /** The same of results. Each row is looked at: of a large store it takes minutes. */
  absentResults(filter?: Pick<CoverageFilter, 'dev'>): Promise<readonly AbsentResults[]>
  recantResults(stream: number, kind: 'cls' | 'seg', span: Span): Promise<number>
  /** Segments that lie elsewhere. @param after the last one of the page before */
  placed(query: {
    readonly dev?: string | undefined
    readonly after?: Placed | undefined
    readonly limit: number
  }): Promise<Placed[]>
  /** The object of a segment is not there, or damaged: its bitstreams are missing again, and asked for. @returns how many, 0: it has another one by now */
  lose(stream: number, seq: number, place: string): Promise<number>
  /** The object of a segment that was lost is there again. @returns false: the segment has another one by now */
  regain(stream: number, seq: number, place: string): Promise<boolean>
  find(dev: string, cam: string, boot: string, seq: number): Promise<{ stream: Stream; sealed?: Sealed } | undefined>

  /** One collector at a time does what need be done once. @param seconds 0: it gives it back @returns whether it is this one until then */
  lease(name: string, holder: string, seconds: number): Promise<boolean>
  audit(line: Audit): Promise<void>
  audits(limit: number): Promise<Audit[]>
  /** Deletes objects that no segment names since before. @returns how many */
  sweep(before: string, deleteObjects: DeleteObjects): Promise<number>
  /**
   * Forgets what was taken before.
   * @param deleteObjects of segments that lie elsewhere: when it fails they are orphans, and swept another time
   * @throws {StoreError} refused: segments lie elsewhere, and nobody deletes there
   */
  expire(before: string, deleteObjects?: DeleteObjects): Promise<Expired>
  totals(): Promise<Totals>
  close(): Promise<void>
}

/** Who looked at which pictures. */
export interface Audit {
  readonly at: string
  readonly who: string
  readonly dev: string
  readonly cam: string
  readonly from: string
  readonly to: string
  readonly ref: string
}

/** `refused`: a message that this store will never take; all else may pass. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  constructor(
    readonly code: 'away' | 'full' | 'refused' | 'version',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
