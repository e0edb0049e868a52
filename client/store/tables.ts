/** The tables, as both databases have them. Times are UTC, ISO 8601 with Z, on this side of the adapters. */
import type { Generated } from 'kysely'

export interface Tables {
  /** A run of a box, as one camera saw it. */
  streams: {
    id: Generated<number>
    dev: string
    cam: string
    boot: string
    start: number
    first_time: string
    last_time: string
    thinned: number
    closed: number
    /** Bitstreams before it were forgotten with their days. */
    kept_from: Generated<number>
    /** Results before it were, or were kept by a version that could not tell. */
    results_from: Generated<number>
    /** Up to these there are results and bitstreams: the broker had them, as the box says, or bitstreams were here and are missing again. */
    cls_to: Generated<number>
    seg_to: Generated<number>
    bits_to: Generated<number>
  }
  /** Which seqs are here, or were left out on purpose: joined where they touch. */
  spans: { stream: number; kind: Kind | PassedKind; from_seq: number; to_seq: number }
  /** Which will never come. */
  gone: { stream: number; kind: Kind; from_seq: number; to_seq: number; reason: string; at: string }
  results: { stream: number; kind: Kind; seq: number; time: string; motion: number | null; payload: string }
  events: {
    dev: string
    id: string
    cam: string
    boot: string
    seq: number
    class: string
    label: string
    zone: string | null
    since: string
    until: string
    ended: number
    reason: string | null
    peak: number
    payload: string
  }
  event_messages: { dev: string; id: string; phase: string; boot: string; seq: number; time: string; payload: string }
  /** Bitstreams of single frames, until their segment is sealed. */
  records: { stream: number; seq: number; position: number; time: string; arrived: string; bytes: Uint8Array }
  segments: {
    stream: number
    seq: number
    last_seq: number
    frames: number
    from_time: string
    to_time: string
    bytes: number
    sha256: string
    bundle: string
    place: string | null
    data: Uint8Array | null
    /** Its object is not there, or damaged: as if it were not, until it is sealed anew or found again. */
    lost: Generated<number>
  }
  /** Objects that no segment names: not yet, or no more. Of those that are `going` none will ever be named. */
  orphans: { place: string; since: string; going: number }
  devices: {
    dev: string
    state: string | null
    reason: string | null
    session: string | null
    at: string
    info: string | null
    health: string | null
    /** Of the run that goes on, as its box says. */
    boot: string | null
  }
  cameras: {
    dev: string
    cam: string
    state: string | null
    reason: string | null
    since: string | null
    now: string | null
  }
  state_changes: {
    id: Generated<number>
    dev: string
    cam: string | null
    at: string
    state: string
    reason: string | null
  }
  rejects: { id: Generated<number>; at: string; topic: string; reason: string; bytes: number; payload: Uint8Array }
  audits: {
    id: Generated<number>
    at: string
    who: string
    dev: string
    cam: string
    from_time: string
    to_time: string
    ref: string
  }
  leases: { name: string; holder: string; until: string }
}

/** As numbers, a byte in each of millions of rows. */
export const kinds = { cls: 1, seg: 2, bits: 3 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]
/** Which column of `streams` says up to where there are any. */
export const ends = { 1: 'cls_to', 2: 'seg_to', 3: 'bits_to' } as const
export const kindNames = { 1: 'cls', 2: 'seg', 3: 'bits' } as const

/**
 * Bitstreams that are noted as here and lie nowhere, as their run leaves frames out: a later one has told so (`prev`); it could not
 * tell, and one of them that comes all the same is kept; or an earlier version noted none of that.
 */
export const passed = { told: 4, untold: 5, unknown: 6 } as const
/** Results that are noted as here and are not, as their run leaves frames out and a later one has told so. */
export const passedResults = { 1: 7, 2: 8 } as const
export type PassedKind = (typeof passed)[keyof typeof passed] | (typeof passedResults)[keyof typeof passedResults]
