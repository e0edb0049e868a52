/** What the archive and the publisher agree on: a frame, and which of its messages still have to go out. */

import type { EventMessage } from '../contract/messages.js'
import type { ClockState } from './clock.js'

/** Messages of a frame, as a bit mask in the outbox. Of events it may have several: all bits that JavaScript leaves. */
export const Part = { cls: 1, seg: 2, bits: 4, evt: 0x7ffffff8 } as const
export const ALL_PARTS = Part.cls | Part.seg | Part.bits | Part.evt
/** So many events can be told with one frame. */
export const MOST_EVENTS = 28
export const eventPart = (nth: number): number => 8 << nth
/** Of so many events. */
export const eventParts = (count: number): number => 8 * (2 ** count - 1)

/** An event as it stands in a frame's result, and in the archive while it goes on. */
export type EventRecord = Omit<EventMessage, 'hist'>

/** Results keep milliseconds, the archive microseconds. */
const SAME_US = 1000

/** As it is when the frame that it was told with turns out to have been taken so much later. */
export function shifted(event: EventRecord, byUs: number): EventRecord {
  if (Math.abs(byUs) < SAME_US) return event
  const move = (ts: string) => new Date(Date.parse(ts) + byUs / 1000).toISOString()
  const { ts, since, until, peak } = event
  return { ...event, ts: move(ts), since: move(since), until: move(until), peak: { ...peak, ts: move(peak.ts) } }
}

/**
 * Of a camera that leaves frames out: seq of what went out before this frame in this boot, by chain; null: nothing did. A chain that
 * is absent leaves this frame out.
 */
export interface Previous {
  /** cls and seg. */
  readonly results?: number | null
  readonly bits?: number | null
}

/** What of a frame went out, as its camera's `publish` had it. @param result what its messages are made of @throws {SyntaxError} it is damaged */
export function wentOut(result: string): {
  readonly results: boolean
  readonly bits: boolean
  readonly events: boolean
  readonly prev?: Previous
} {
  const { prev, events = [] } = JSON.parse(result) as { prev?: Previous; events?: readonly unknown[] }
  const chosen = (kind: keyof Previous) => prev === undefined || prev[kind] !== undefined
  return { results: chosen('results'), bits: chosen('bits'), events: events.length > 0, ...(prev && { prev }) }
}

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
  /** What the archive has to know of events: those told with this frame, and before with frames that it did not take. */
  readonly events?: readonly EventRecord[]
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
