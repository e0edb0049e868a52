/** What the page is shown from: one broker's boxes (box.ts), or a collector's store. The page knows these types alone. */
import type { ClassifyResult, DeviceState, EventMessage, NowMessage, SegmentResult } from '../../contract/messages.js'

export type StoredEvent = Pick<
  EventMessage,
  'dev' | 'cam' | 'id' | 'phase' | 'class' | 'label' | 'zone' | 'since' | 'until' | 'peak' | 'reason'
>
export type Tag = ClassifyResult['cls'][number]
export type Seg = SegmentResult['seg']
export type Present = NowMessage['present'][number]

export interface CameraView {
  readonly dev: string
  readonly cam: string
  readonly state: 'online' | 'offline' | 'stalled' | 'disabled' | 'unknown'
  readonly reason: string
  /** UTC, of the state */
  readonly since?: string
  /** Of its box: away is `offline`. */
  readonly box: DeviceState | 'unknown'
  readonly boxReason?: string
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  readonly zones: readonly string[]
  readonly classes: readonly string[]
  readonly present: readonly Present[]
  /** UTC, of the newest frame in a store; absent: what is newest comes live. */
  readonly last?: string
}

/** What one frame was found to show. */
export interface FrameResult {
  readonly dev: string
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly ts: string
  readonly tags?: readonly Tag[]
  readonly seg?: Seg
  readonly motion?: number
}

export type LiveMessage =
  | { readonly kind: 'camera'; readonly camera: CameraView }
  | { readonly kind: 'result'; readonly result: FrameResult }
  | { readonly kind: 'event'; readonly event: StoredEvent }
  /** Records of a camera, in order: one, or at the start of a listener the segment so far. */
  | { readonly kind: 'bits'; readonly dev: string; readonly cam: string; readonly records: Uint8Array }
  /** Of the connection, in words; undefined: it is well. */
  | { readonly kind: 'notice'; readonly text: string | undefined }

export interface Page<T> {
  readonly items: readonly T[]
  /** To go on with; absent: that was all. */
  readonly cursor?: string
}

export interface EventQuery {
  readonly dev?: string | undefined
  readonly cam?: string | undefined
  readonly class?: string | undefined
  readonly zone?: string | undefined
  /** UTC, ISO 8601 */
  readonly from: string
  readonly to: string
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Of a stretch of time, equal parts. */
export interface Activity {
  /** 1: frames are there; 0: none. */
  readonly recorded: readonly number[]
  /** Share of the picture that changed, mean; null: not known. */
  readonly motion: readonly (number | null)[]
}

export interface SegmentView {
  /** cam/boot/seq of its keyframe */
  readonly ref: string
  /** UTC, of the first and last frame that the question reached. */
  readonly from: string
  readonly to: string
}

export interface SegmentQuery {
  readonly dev: string
  readonly cam: string
  readonly from: string
  readonly to: string
  readonly limit: number
}

export interface Results {
  readonly items: readonly FrameResult[]
}

export interface Audit {
  readonly ts: string
  readonly who: string
  readonly address: string
  readonly what: 'segment' | 'live'
  readonly dev: string
  readonly cam: string
  readonly ref?: string
  readonly from: string
  /** Absent: a live view has begun. A second line, with the same `from`, says when it was over. */
  readonly to?: string
}

export interface ViewSource {
  /** For people: "the broker 127.0.0.1:1883", "the store /var/lib/…". */
  readonly place: string
  cameras(): Promise<readonly CameraView[]>
  /** First what is known, then what comes. `pictures`: whose records are wanted, as dev/cam. @returns ends it */
  live(pictures: ReadonlySet<string>, listener: (message: LiveMessage) => void): () => void
  /** Asks a camera for a keyframe, where one can be asked. */
  keyframe(dev: string, cam: string): void
  /** What came or went within the last hour, newest first, at most 200: a page begins with it. @throws {Failure} */
  recent(): Promise<readonly StoredEvent[]>
  /** Oldest first. @throws {Failure} */
  events(query: EventQuery): Promise<Page<StoredEvent>>
  /** @throws {Failure} */
  activity(dev: string, cam: string, fromMs: number, toMs: number, buckets: number): Promise<Activity>
  /** Oldest first, the one that `from` lies in included. @throws {Failure} */
  segments(query: SegmentQuery): Promise<readonly SegmentView[]>
  /** As a file. @throws {Failure} */
  segment(dev: string, ref: string): Promise<Uint8Array>
  /** @throws {Failure} */
  results(dev: string, cam: string, boot: string, fromSeq: number, toSeq: number): Promise<Results>
  /** One line of each view, two of a live one. What it cannot write is not to be shown. @throws {Failure} */
  audit(line: Audit): Promise<void>
  stop(): Promise<void>
}
