/**
 * Which results have arrived: duplicates, gaps, and gaps that history filled later, per (dev, cam, boot, kind).
 * A stream is followed from its first live message; history from before that is no gap when it is absent. A boot that
 * begins while its camera is being followed is followed from seq 0.
 *
 * A camera that leaves frames out says with each message which one it published before: numbers between the two will not come.
 */
import type { ResultKind } from '../../contract/topics.js'
import { Sequence, type Span } from './sequence.js'

export interface ResultKey {
  readonly dev: string
  readonly cam: string
  readonly boot: string
  readonly kind: ResultKind
  readonly seq: number
}

export interface Gap extends Omit<ResultKey, 'seq'>, Readonly<Span> {
  /** The camera leaves frames out: `to` is missing, and nobody can say which of those before it. */
  readonly thinned?: true
}

export type Verdict =
  | { readonly what: 'new'; readonly opened?: Gap }
  | { readonly what: 'filled' }
  | { readonly what: 'duplicate' }

interface Stream {
  readonly key: Omit<ResultKey, 'seq'>
  readonly seen: Sequence
  /** First seq that has to be there; none while only history has come. */
  start: number
}

export class Ledger {
  private readonly streams = new Map<string, Stream>()
  private readonly followed = new Set<string>()
  /** dev/cam/boot that leave frames out. */
  private readonly thinned = new Set<string>()
  duplicates = 0
  filled = 0

  /** @param prev seq of the one published before it, null: none; undefined: it says nothing of that */
  note({ seq, ...key }: ResultKey, hist: boolean, prev?: number | null): Verdict {
    const stream = this.stream(key)
    const last = stream.seen.last
    if (prev !== undefined) this.thinned.add(runOf(key))
    const from = prev === undefined ? seq : (prev ?? -1) + 1
    if (!stream.seen.add(seq, from)) {
      this.duplicates++
      return { what: 'duplicate' }
    }
    if (stream.start <= seq && seq < last) {
      this.filled++
      return { what: 'filled' }
    }
    // Bitstreams over MQTT 3.1.1 cannot say it.
    const silent = prev === undefined && this.thinned.has(runOf(key))
    if (hist || silent) return { what: 'new' }
    const expected = this.expect(stream, seq, last)
    return expected < from ? { what: 'new', opened: this.gap(key, { from: expected, to: from - 1 }) } : { what: 'new' }
  }

  gaps(): Gap[] {
    return [...this.streams.values()].flatMap(({ key, seen, start }) =>
      seen.holes(start).map((hole) => this.gap(key, hole)),
    )
  }

  private gap(key: Omit<ResultKey, 'seq'>, span: Span): Gap {
    return { ...key, ...span, ...(this.thinned.has(runOf(key)) && { thinned: true }) }
  }

  private stream(key: Omit<ResultKey, 'seq'>): Stream {
    const name = `${key.dev}/${key.cam}/${key.boot}/${key.kind}`
    let stream = this.streams.get(name)
    if (!stream) {
      stream = { key, seen: new Sequence(), start: Number.POSITIVE_INFINITY }
      this.streams.set(name, stream)
    }
    return stream
  }

  /** The seq that a live message should have had. */
  private expect(stream: Stream, seq: number, last: number): number {
    const camera = `${stream.key.dev}/${stream.key.cam}/${stream.key.kind}`
    if (stream.start === Number.POSITIVE_INFINITY) {
      stream.start = this.followed.has(camera) ? 0 : seq
      this.followed.add(camera)
    }
    return Math.max(stream.start, last + 1)
  }
}

const runOf = ({ dev, cam, boot }: Omit<ResultKey, 'seq'>): string => `${dev}/${cam}/${boot}`
