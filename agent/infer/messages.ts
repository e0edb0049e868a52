/** What crosses between the main thread and the inference worker. */
import type { Provider } from '../config/schema.js'
import type { FrameSize } from './networks.js'

export type Head = 'classify' | 'segment'

export interface WorkerSetup {
  readonly bundleDir: string
  readonly providers: readonly Provider[]
  readonly threads: number
  readonly heads: readonly Head[]
  readonly sizes: readonly FrameSize[]
}

export interface Job extends FrameSize {
  readonly job: number
  /** Transferred, and handed back with the result. */
  readonly rgb: Uint8Array<ArrayBuffer>
  readonly heads: readonly Head[]
}

export interface StageTimes {
  readonly encode: number
  readonly classify?: number
  readonly segment?: number
  readonly code: number
}

export interface Encoded {
  readonly job: number
  readonly buffer: ArrayBuffer
  /** Entropy-coded symbols, without the container. */
  readonly payload: Uint8Array
  readonly probabilities?: Float32Array
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
