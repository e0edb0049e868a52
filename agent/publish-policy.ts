/**
 * Which of a camera's frames go out over MQTT (`publish`), and which one went out before each: by that a subscriber proves that
 * nothing is missing. Every frame is archived all the same, and what is told of events goes with any frame.
 *
 * A bitstream goes out only if all since its keyframe did, as nobody could decode it otherwise. Where it has to stay, a keyframe
 * is asked for, and the next one goes out whole, whatever it shows.
 */
import type { Analyse } from '../contract/bundle.js'
import type { Camera } from './config/schema.js'
import type { EventRecord, Previous } from './outbox.js'

/** A frame that was coded. */
export interface Candidate {
  readonly seq: number
  readonly key: boolean
  /** As `before` said. */
  readonly due: boolean
  /** What `now` says, and whether that is anything. */
  readonly shown: string
  readonly present: boolean
  readonly events: readonly Pick<EventRecord, 'phase'>[]
  readonly tags?: Float32Array | undefined
  /** Of the old classifier. */
  readonly probabilities?: Float32Array | undefined
}

export interface Going {
  /** cls and seg. */
  readonly results: boolean
  readonly bits: boolean
  /** Absent where every frame goes out. */
  readonly prev?: Previous
}

/** What was decided of a frame, until it is known what became of it. */
export interface Choice extends Going {
  readonly frame: Candidate
  readonly look: Look
}

interface Look {
  readonly shown: string
  /** By tag. */
  readonly there: readonly boolean[]
  /** Of the classifier's classes; -1: there is no classifier. */
  readonly leader: number
}

/** Another class leads once it is so much more probable. */
const LEADS_BY = 0.1
const NOTHING: Look = { shown: '', there: [], leader: -1 }

export class PublishPolicy {
  private readonly last: Record<keyof Previous, number | null> = { results: null, bits: null }
  private look = NOTHING
  private nextMs = Number.NEGATIVE_INFINITY
  private passed = false
  /** The bitstreams of all frames since the keyframe went out. */
  private whole = false
  private owed = false

  constructor(
    private readonly wish: Camera['publish'],
    private readonly tags: Analyse['tags'] | undefined,
    /** mqtt.publishBitstreams */
    private readonly bitstreams: boolean,
  ) {}

  /** Of a frame that is about to be coded: whether its time has come, and whether it has to be a keyframe for that. */
  before(bootMs: number): { readonly due: boolean; readonly key: boolean } {
    if (typeof this.wish === 'string') return { due: false, key: false }
    const due = bootMs >= this.nextMs
    const everyMs = this.wish.everySeconds * 1000
    // Counted from when it should have been, or with 10 frames/s every second would become every 1.1 s.
    if (due) this.nextMs = (bootMs - this.nextMs < everyMs ? this.nextMs : bootMs) + everyMs
    const key = due && this.passed && this.bitstreams
    this.passed = !due
    return { due, key }
  }

  choose(frame: Candidate): Choice {
    const look = this.wish === 'on_change' ? this.lookAt(frame) : NOTHING
    const results = this.chosen(frame, look) || (this.owed && frame.key)
    const bits = results && this.bitstreams && (this.wish === 'every' || frame.key || this.whole)
    const prev = { ...(results && { results: this.last.results }), ...(bits && { bits: this.last.bits }) }
    return { results, bits, ...(this.wish !== 'every' && { prev }), frame, look }
  }

  /** What became of the frame. @returns whether a keyframe is wanted */
  done({ frame, results, bits, look }: Choice, fate: 'stored' | 'sent' | 'lost'): boolean {
    this.whole = bits && fate === 'stored'
    if (fate === 'lost') {
      this.lost(frame.due)
      return false
    }
    this.look = look
    if (!results) return false
    this.last.results = frame.seq
    if (this.whole) this.last.bits = frame.seq
    // Of a frame that was not stored there is no bitstream, and the next one is a keyframe anyway.
    this.owed = this.bitstreams && !bits && fate === 'stored'
    return this.owed
  }

  /** A frame came to nothing: if its time had come, that of the next one has. */
  lost(due: boolean): void {
    if (due) this.nextMs = Number.NEGATIVE_INFINITY
  }

  private chosen({ due, present, events }: Candidate, look: Look): boolean {
    if (this.wish === 'every') return true
    if (this.wish === 'on_change') return JSON.stringify(look) !== JSON.stringify(this.look)
    if (this.wish === 'events') return present || events.some(({ phase }) => phase !== 'update')
    return due
  }

  private lookAt({ shown, tags, probabilities = new Float32Array() }: Candidate): Look {
    const { there, leader } = this.look
    if (tags && this.tags) {
      const { classes, thresholds } = this.tags
      const limits = classes.map(({ id }) => thresholds[id]!)
      return { shown, leader, there: limits.map(({ enter, leave }, i) => tags[i]! >= (there[i] ? leave : enter)) }
    }
    const first = probabilities.indexOf(Math.max(...probabilities))
    const leads = leader < 0 || probabilities[first]! >= probabilities[leader]! + LEADS_BY
    return { shown, there, leader: leads ? first : leader }
  }
}
