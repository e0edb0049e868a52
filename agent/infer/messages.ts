/** What crosses between the main thread and those of inference, looking and coding. */
import type { MessagePort } from 'node:worker_threads'
import type { Coded, Profile } from '../../codec/index.js'
import type { Bundle, Head } from '../../contract/bundle.js'
import type { Provider } from '../config/schema.js'
import type { GateRule, Hold, WatchedFor } from './gate.js'
import type { FrameSize, Precision } from './networks.js'

export type { Head }

export interface WorkerSetup {
  /** As the main thread has opened it: what checks a manifest takes 6 MB a thread. */
  readonly bundle: Bundle
  readonly providers: readonly Provider[]
  /** Of the encoder and of the heads, each; 0: as few as are fast enough (threads.ts). */
  readonly threads: number
  readonly precision?: Precision
  readonly heads: readonly Head[]
  readonly sizes: readonly FrameSize[]
  /** Of all cameras together; absent: as many as there are time for. */
  readonly framesPerSecond?: number | undefined
  /** A folder for passing files, if the temporary one takes none. */
  readonly writable?: string
}

/** What the inference thread starts with: `toCoder` takes a HowToCode, then an Uncoded for each frame; `toLooker` a HowToLook, then an Unseen. */
export interface InferenceSetup extends WorkerSetup {
  readonly toCoder: MessagePort
  readonly toLooker: MessagePort
}

export interface LookerSetup extends WorkerSetup {
  /** From the inference thread: how to look, once the encoder is open, then an Unseen for each frame. */
  readonly unseen: MessagePort
}

/** Once the encoder is open. */
export interface HowToLook {
  /** What the encoder takes for a frame, where that was measured. */
  readonly encodeMs?: number | undefined
}

export interface CoderSetup {
  /** From the inference thread: how to code, then an Uncoded for each frame. */
  readonly uncoded: MessagePort
}

/** What the coding thread needs of the bundle that the inference thread has opened; small, as it opens none itself. */
export interface HowToCode extends Pick<Bundle, 'entropy' | 'context'> {
  readonly stride: number
}

/** A frame's symbols, uint8 [C,H/8,W/8], on their way to the coding thread. */
export interface Uncoded extends FrameSize {
  readonly job: number
  readonly cam: string
  readonly profile: Profile
  readonly symbols: Uint8Array
  /** A keyframe. */
  readonly key: boolean
}

/** A frame on its way to the looking thread. Its `rgb` is not looked at there: it is handed on. */
export interface Unseen {
  readonly job: Job
  readonly symbols: Uint8Array
  /** As in Seen. */
  readonly changed?: Uint8Array | undefined
  /** Of the encoder. */
  readonly ms: number
}

/** What inference needs to know of a camera. */
export interface InferCamera extends FrameSize {
  readonly id: string
  readonly heads: readonly Head[]
  readonly coding: Profile
  readonly analyse: GateRule
  /** Its owner's own, instead of the bundle's. */
  readonly events?: readonly { readonly class: string }[] | undefined
  readonly thresholds?: WatchedFor['thresholds']
}

/** A frame, and when it was taken. */
export interface Shot {
  readonly rgb: Uint8Array<ArrayBuffer>
  readonly bootMs: number
}

export interface Wish {
  /** A keyframe. */
  readonly key: boolean
  /** Others wait: only what has to be. */
  readonly pressed: boolean
  /** The heads look, whatever has changed. */
  readonly look: boolean
}

export interface Job extends FrameSize, Shot, Wish {
  /** `rgb` is transferred, and handed back with the result. */
  readonly job: number
  readonly heads: readonly Head[]
  readonly cam: string
  readonly coding: Profile
  readonly gate: GateRule
  readonly watch: WatchedFor
}

export interface StageTimes {
  readonly encode: number
  readonly analyse?: number
  readonly classify?: number
  readonly segment?: number
  readonly code: number
}

/** What the heads say of a frame. */
export interface Answer {
  /** Of the analyser, [T]. */
  readonly tags?: Float32Array
  /** Of the classifier, [classes]. */
  readonly probabilities?: Float32Array
  /** Of the analyser or the segmenter: class ids, [H/s,W/s]. */
  readonly mask?: Uint8Array
  readonly fractions?: Float32Array
  /** Run-length form of the mask. */
  readonly runs?: number[]
}

/** What the inference thread and the looking thread make of a frame. */
export interface Seen extends Answer {
  readonly job: number
  readonly buffer: ArrayBuffer
  /** Of the latent's cells, [H/8,W/8]: 1 where it differs from the frame before, as the keyframe decision and `motion` see it; absent: there was none. */
  readonly changed?: Uint8Array
  /** The heads did not look at it: their answer is that for a frame before it. */
  readonly held?: Hold
  readonly ms: Omit<StageTimes, 'code'>
}

/** What becomes of a frame in all threads. */
export interface Encoded extends Omit<Seen, 'ms'> {
  /** Entropy-coded symbols, without the container. */
  readonly coded: Coded
  readonly ms: StageTimes
}

/** A graph that is about to be opened or, where it has a size, run for the first time at it. */
export interface Opening {
  readonly graph: string
  /** From 1. */
  readonly number: number
  readonly of: number
  readonly size?: FrameSize
}

export type FromWorker =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'opens'; readonly opening: Opening }
  | { readonly type: 'ready'; readonly providers: Record<string, string>; readonly threads: number }
  | { readonly type: 'failed'; readonly message: string; readonly bundle: boolean }
  | { readonly type: 'seen'; readonly seen: Seen }
  | { readonly type: 'job-failed'; readonly job: number; readonly message: string }

export type FromCoder =
  | { readonly type: 'ready' }
  | Extract<FromWorker, { type: 'failed' }>
  | { readonly type: 'coded'; readonly job: number; readonly coded: Coded; readonly ms: number }
  | { readonly type: 'job-failed'; readonly job: number; readonly message: string }
