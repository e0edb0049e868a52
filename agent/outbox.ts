/** What the archive and the publisher agree on: a frame, and which of its messages still have to go out. */

import type { ClockState } from './clock.js'

/** Messages of a frame, as a bit mask in the outbox. */
export const Part = { cls: 1, seg: 2, bits: 4 } as const

export interface NewFrame {
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  /** seq of the keyframe that this frame's decoding begins with; its own if it is one. */
  readonly keySeq: number
  /** The whole bitstream, container included. */
  readonly bits: Uint8Array
  readonly sha256: string
  /** Bundle id. */
  readonly model: string
  /** What the result messages are made of (publish/results.ts), as JSON. */
  readonly result: string
  /** Part bits; 0 publishes nothing. */
  readonly parts: number
}

export interface StoredFrame extends NewFrame {
  /** 0: the archive could not take it. */
  readonly id: number
  /** Whether timeUs is known by now; null: as the result says. */
  readonly clk?: ClockState | null
}

/** As another database had it. */
export interface OldFrame extends StoredFrame {
  readonly pinned: number
}

/** Messages of a frame that are done with. */
export interface Settled {
  readonly id: number
  /** Part bits. */
  readonly parts: number
}

export interface Outbox {
  /** Frames to publish with id in (after, upTo], oldest first, that have one of the parts. */
  unpublished(after: number, upTo: number, limit: number, parts?: number): StoredFrame[]
  /** The newest unpublished frame taken before the given time; 0 if there is none. */
  lastUnpublishedBefore(timeUs: number): number
  /** Forgets messages that the broker has acknowledged or will never take; a frame goes with its last one. */
  settle(settled: readonly Settled[]): void
}
