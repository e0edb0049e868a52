/** What crosses between the main thread and the inference worker. */
import type { Coded, Profile } from '../../codec/index.js'
import type { Head } from '../../contract/bundle.js'
import type { Provider } from '../config/schema.js'
import type { FrameSize } from './networks.js'

export type { Head }

export interface WorkerSetup {
  readonly bundleDir: string
  readonly providers: readonly Provider[]
  readonly threads: number
  readonly heads: readonly Head[]
  readonly sizes: readonly FrameSize[]
  /** A folder for passing files, if the temporary one takes none. */
  readonly writable?: string
}

/** What inference needs to know of a camera. */
export interface InferCamera extends FrameSize {
  readonly id: string
  readonly heads: readonly Head[]
  readonly coding: Profile
}

export interface Job extends FrameSize {
  readonly job: number
  /** Transferred, and handed back with the result. */
  readonly rgb: Uint8Array<ArrayBuffer>
  readonly heads: readonly Head[]
  readonly cam: string
  readonly coding: Profile
  /** Asks for a keyframe. */
  readonly key: boolean
}

export interface StageTimes {
  readonly encode: number
  readonly analyse?: number
  readonly classify?: number
  readonly segment?: number
  readonly code: number
}

export interface Encoded {
  readonly job: number
  readonly buffer: ArrayBuffer
  /** Entropy-coded symbols, without the container. */
  readonly coded: Coded
  /** Of the latent's cells, [H/8,W/8]: 1 where it differs from the frame before, as the keyframe decision and `motion` see it; absent: there was none. */
  readonly changed?: Uint8Array
  /** Of the analyser, [T]. */
  readonly tags?: Float32Array
  /** Of the classifier, [classes]. */
  readonly probabilities?: Float32Array
  /** Of the analyser or the segmenter: class ids, [H/s,W/s]. */
  readonly mask?: Uint8Array
  readonly fractions?: Float32Array
  /** Run-length form of the mask. */
  readonly runs?: number[]
  readonly ms: StageTimes
}

export type FromWorker =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'ready'; readonly providers: Record<string, string> }
  | { readonly type: 'failed'; readonly message: string; readonly bundle: boolean }
  | { readonly type: 'encoded'; readonly encoded: Encoded }
  | { readonly type: 'job-failed'; readonly job: number; readonly buffer: ArrayBuffer; readonly message: string }
