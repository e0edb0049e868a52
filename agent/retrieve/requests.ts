/** Answers requests over MQTT, from the archive, without ever standing in the way of live results. Bundles are another's to answer. */

import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { FORMAT, FORMAT_2, readArchive, segmentFile } from '../../codec/index.js'
import { issueText } from '../../contract/issue.js'
import { BLOCK_BYTES, type Described, requests } from '../../contract/messages.js'
import { isoMs, isoOf } from '../../contract/time.js'
import { type RequestVerb, requestVerbs, type Topics } from '../../contract/topics.js'
import type { ArchiveFilter } from '../archive-filter.js'
import type { EventRecord } from '../outbox.js'
import { Refusal } from '../refusal.js'
import { type Known, unknownName } from './known.js'
import { type Range, type ResultStore, resultsOf, type Tell } from './results.js'

export interface StoredSummary {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  readonly clk: NonNullable<Described['clk']> | null
  readonly bytes: number
  readonly sha256: string
  readonly model: string
  readonly pinned: boolean
  readonly keySeq: number
  /** Of the record's container. */
  readonly version: number
}

/** What is needed of the archive. */
export interface Store extends ResultStore {
  find(cam: string, boot: string, seq: number): StoredSummary | undefined
  wasSeen(cam: string, boot: string, seq: number): boolean
  /** After the frame `cursor`, which lies at `afterUs`. */
  list(query: ArchiveFilter & { cursor: number; afterUs?: number; limit: number }): StoredSummary[]
  listOfEvents(query: ArchiveFilter & { cursor: string; limit: number }): { event: EventRecord; cursor: string }[]
  /** What has a start and no end, as it is told when nobody looks any more. */
  endedEvents(): EventRecord[]
  readBits(id: number, off: number, length: number): Buffer
  /** Records, the keyframe first. */
  segment(cam: string, boot: string, keySeq: number): Uint8Array[]
  pin(id: number, pinned: boolean): void
  /** There while what can be read of a damaged archive comes in: what is not here may be soon. */
  readonly takingOver?: object | undefined
}

export interface Request {
  readonly topic: string
  readonly payload: Buffer
  readonly responseTopic?: string | undefined
  readonly correlationData?: Buffer | undefined
}

export type Answer = (topic: string, payload: string, correlationData?: Buffer) => void

/** Of an answer beside its data: topic, properties, the other fields. */
const ANSWER_OVERHEAD = 1024

/** Requests a second, on average and at once. A subscriber that fetches an hour of video must not starve the pipeline. */
const RATE = 50
const BURST = 100
/** Requests larger than this are refused unread. */
const REQUEST_BYTES = 4096
/** One that brings a manifest, or a part of a bundle. */
const BUNDLE_BYTES = 2 * BLOCK_BYTES

/** Of one entry in an answer to `list`, at most. */
const LISTED_BYTES = 600
/** Of an event. */
const EVENT_BYTES = 1500
/** Smaller ones would be mostly overhead. */
const LEAST_BLOCK = 256

/** What a `get` reads from, block by block. */
interface Readable {
  readonly total: number
  readonly sha256: string
  read(off: number, length: number): Buffer
}

interface PackedSegment extends Readable {
  readonly ref: string
}

/** Segments kept between the requests of their transfers: as many as clients fetch at once, and each at most megabytes. */
const KEPT_SEGMENTS = 8
/** And their lengths, a few bytes each, for a transfer that comes back after others have taken its place. */
const KEPT_LENGTHS = 10_000

export class Requests {
  readonly counters = { served: 0, refused: 0 }
  private tokens = BURST
  private readonly segments: PackedSegment[] = []
  /** How many frames a file had that a transfer began with, by its SHA-256. */
  private readonly begun = new Map<string, number>()
  private filledAt: number

  constructor(
    private readonly store: Store,
    private readonly topics: Topics,
    /** And the run that goes on. */
    private readonly known: Known & { readonly boot?: string },
    private readonly tell: Tell,
    private readonly askKeyframe: (cam: string | undefined) => void = () => {},
    private readonly nowMs: () => number = () => performance.now(),
    /** @throws {Refusal} */
    private readonly bundle: (request: z.infer<typeof requests.bundle>) => object = () => {
      throw new Refusal('not_allowed', 'bundles are not taken here')
    },
  ) {
    this.filledAt = nowMs()
  }

  /** @param maximumBytes of one message, as the broker said when we connected */
  handle(request: Request, answer: Answer, maximumBytes = Number.POSITIVE_INFINITY): void {
    const verb = requestVerbs.find((v) => this.topics.request(v) === request.topic)
    if (!verb) return
    const wanted = request.responseTopic
    if (wanted !== undefined && (!wanted.startsWith(this.topics.responsePrefix) || /[+#\0]/.test(wanted))) {
      this.counters.refused++
      return // an answer there is what must not happen, so there is nowhere to say so
    }
    let transaction: string | undefined
    const reply = (body: object) => {
      const payload = JSON.stringify({ ...(transaction !== undefined && { transaction }), ...body })
      answer(wanted ?? this.topics.response(verb), payload, request.correlationData)
    }
    try {
      const parsed = this.parse(verb, request.payload, (t) => {
        transaction = t
      })
      if (!this.spend()) throw new Refusal('busy', `more than ${RATE} requests a second; try again in a moment`)
      this.serve(verb, parsed, maximumBytes - ANSWER_OVERHEAD, reply)
      this.counters.served++
    } catch (error) {
      this.counters.refused++
      const said = error instanceof Refusal ? error.code : 'busy'
      const early = this.store.takingOver && (said === 'not_found' || said === 'evicted')
      const message = error instanceof Error ? error.message : String(error)
      reply({
        status: 'error',
        code: early ? 'busy' : said,
        message: early ? `a damaged archive is being taken over, so far: ${message}` : message,
      })
    }
  }

  private parse(verb: RequestVerb, payload: Buffer, remember: (transaction: string) => void): object {
    const most = verb === 'bundle' ? BUNDLE_BYTES : REQUEST_BYTES
    if (payload.length > most) throw new Refusal('too_large', `requests take at most ${most} bytes`)
    let value: unknown
    try {
      value = payload.length === 0 ? {} : JSON.parse(payload.toString('utf8'))
    } catch {
      throw new Refusal('bad_request', 'the request is not JSON')
    }
    const transaction = (value as { transaction?: unknown } | null)?.transaction
    if (typeof transaction === 'string' && transaction.length <= 128) remember(transaction)
    const result = requests[verb].safeParse(value)
    if (!result.success) {
      throw new Refusal('bad_request', issueText(result.error, 'request'))
    }
    return result.data
  }

  private serve(verb: RequestVerb, request: object, room: number, reply: (body: object) => void): void {
    if (verb === 'list') {
      reply(this.list(request as z.infer<typeof requests.list>, room))
      return
    }
    if (verb === 'events') {
      reply(this.events(request as z.infer<typeof requests.events>, room))
      return
    }
    if (verb === 'bundle') {
      reply(this.bundle(request as z.infer<typeof requests.bundle>))
      return
    }
    if (verb === 'keyframe') {
      this.askKeyframe((request as z.infer<typeof requests.keyframe>).cam)
      reply({ status: 'ok' })
      return
    }
    if (verb === 'results') {
      reply(this.results(request as Range, room))
      return
    }
    const item = this.look((request as { ref: string }).ref)
    if (verb === 'get') {
      this.get(item, request as z.infer<typeof requests.get>, room, reply)
      return
    }
    if (verb !== 'describe') this.store.pin(item.id, verb === 'pin')
    reply({ status: 'ok', item: describe(verb === 'describe' ? item : { ...item, pinned: verb === 'pin' }) })
  }

  private list(request: z.infer<typeof requests.list>, room: number): object {
    const limit = Math.min(request.limit, Math.max(1, Math.floor(room / LISTED_BYTES)))
    const filter = filterOf(request)
    const found = this.store.list({ ...filter, ...placeOf(request.cursor), limit })
    if (found.length === 0 && request.cursor === undefined) this.doubt(filter)
    const more = found.length === limit
    return { status: 'ok', items: found.map(describe), ...(more && { cursor: cursorOf(found.at(-1)!) }) }
  }

  private events(request: z.infer<typeof requests.events>, room: number): object {
    const limit = Math.min(request.limit, Math.max(1, Math.floor(room / EVENT_BYTES)))
    const filter = filterOf(request)
    const found = this.store.listOfEvents({ ...filter, cursor: request.cursor ?? '', limit })
    if (found.length === 0 && request.cursor === undefined) this.doubt(filter)
    const more = found.length === limit
    const items = this.ended(found.map(({ event }) => event))
    return { status: 'ok', items, ...(more && { cursor: found.at(-1)!.cursor }) }
  }

  /** An event that an earlier run left open is over, though that is told only with the next frame, which may be long in coming. */
  private ended(events: EventRecord[]): EventRecord[] {
    const { boot } = this.known
    const isLeft = (event: EventRecord) => boot !== undefined && event.boot !== boot && event.phase !== 'end'
    if (!events.some(isLeft)) return events
    const ends = new Map(this.store.endedEvents().map((event) => [event.id, event]))
    return events.map((event) => (isLeft(event) ? (ends.get(event.id) ?? event) : event))
  }

  private results(range: Range, room: number): object {
    if (range.to < range.from) throw new Refusal('bad_request', `to: ${range.to} is before from, ${range.from}`)
    const goesOn = this.known.boot === undefined || range.boot === this.known.boot
    const answer = resultsOf(range, this.store, this.tell, room, goesOn)
    if (answer && !this.store.takingOver) return answer
    // What is not here may be soon: nothing is gone, nothing the last, and where that is all, `busy`.
    if (answer && answer.items.length > 0) return { ...answer, gone: [], last: undefined }
    throw new Refusal('not_found', `${range.cam}/${range.boot}: nothing of this run has been in the archive`)
  }

  /** Of a question that found nothing. */
  private doubt(filter: ArchiveFilter): void {
    const { event } = filter
    const told = (one: ArchiveFilter) => this.store.listOfEvents({ ...one, cursor: '', limit: 1 }).length > 0
    if (event !== undefined && !told({ event }))
      throw new Refusal('not_found', `${event}: the archive has no event of that id, or its frames have been evicted`)
    const some = (one: ArchiveFilter) =>
      told(one) || (one.cam !== undefined && this.store.list({ ...one, cursor: 0, limit: 1 }).length > 0)
    const wrong = unknownName(filter, this.known, some)
    if (wrong) throw new Refusal('bad_request', wrong)
  }

  private get(
    item: StoredSummary,
    { ref, segment, sha256: started, off, n }: z.infer<typeof requests.get>,
    room: number,
    reply: (body: object) => void,
  ): void {
    const source = segment ? this.segment(item, off, started) : this.record(item)
    const { total, sha256 } = source
    if (off >= total) throw new Refusal('bad_request', `off: ${off} is past the end, the bitstream has ${total} bytes`)
    const bytes = Math.min(BLOCK_BYTES, Math.floor((room * 3) / 4)) // base64
    if (bytes < LEAST_BLOCK) throw new Refusal('too_large', `the broker takes no message that a block fits in`)
    for (let block = 0, at = off; block < n && at < total; block++, at += bytes) {
      if (block > 0 && !this.spend()) return // the rest is asked for again
      const data = source.read(at, bytes).toString('base64')
      reply({ status: 'ok', ref, off: at, total, sha256, data })
    }
  }

  private record({ id, bytes, sha256 }: StoredSummary): Readable {
    return { total: bytes, sha256, read: (off, length) => this.store.readBits(id, off, length) }
  }

  /** As it is now. One that still grows stays the same through a transfer, which names the SHA-256 of what it began with. */
  private segment({ cam, boot, keySeq }: StoredSummary, off: number, started: string | undefined): Readable {
    const ref = `${cam}/${boot}/${keySeq}`
    const same = ({ ref: of, sha256 }: PackedSegment) => of === ref && (started ?? sha256) === sha256
    const kept = off > 0 && this.segments.findLast(same)
    if (kept) return kept
    if (!this.store.find(cam, boot, keySeq)) throw new Refusal('evicted', `${ref}: its keyframe has been evicted`)
    const sound = soundOnes(this.store.segment(cam, boot, keySeq))
    if (sound.length === 0) throw new Refusal('damaged', `${ref}: the stored keyframe is damaged`)
    // What has been added since is left out again: the same records make the same file.
    const frames = (off > 0 && started !== undefined && this.begun.get(started)) || sound.length
    const file = Buffer.from(segmentFile(sound.slice(0, frames)))
    const packed = {
      ref,
      total: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
      read: (from: number, length: number) => file.subarray(from, from + length),
    }
    if (off > 0 && started !== undefined && started !== packed.sha256)
      throw new Refusal('changed', `${ref}: is not the file any more that this transfer began with`)
    this.keep(packed, frames)
    return packed
  }

  private keep(packed: PackedSegment, frames: number): void {
    const { ref, sha256 } = packed
    const known = this.segments.findIndex((one) => one.ref === ref && one.sha256 === sha256)
    if (known >= 0) this.segments.splice(known, 1)
    this.segments.push(packed)
    if (this.segments.length > KEPT_SEGMENTS) this.segments.shift()
    this.begun.delete(sha256)
    this.begun.set(sha256, frames)
    if (this.begun.size > KEPT_LENGTHS) this.begun.delete(this.begun.keys().next().value!)
  }

  private look(ref: string): StoredSummary {
    const [cam, boot, seq] = ref.split('/') as [string, string, string]
    const item = this.store.find(cam, boot, Number(seq))
    if (item) return item
    const evicted = this.store.wasSeen(cam, boot, Number(seq))
    throw new Refusal(
      evicted ? 'evicted' : 'not_found',
      evicted ? `${ref} was here and has been evicted` : `${ref} is not in the archive`,
    )
  }

  /** Token bucket on the monotonic clock. */
  private spend(): boolean {
    const now = this.nowMs()
    this.tokens = Math.min(BURST, this.tokens + ((now - this.filledAt) / 1000) * RATE)
    this.filledAt = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }
}

const cursorOf = ({ timeUs, id }: StoredSummary): string => `${timeUs}:${id}`

function placeOf(cursor = '0'): { cursor: number; afterUs?: number } {
  const [id, afterUs] = cursor.split(':').map(Number).reverse()
  return { cursor: id!, ...(afterUs !== undefined && { afterUs }) }
}

function filterOf({ cam, class: of, zone, event, from, to }: z.infer<typeof requests.events>): ArchiveFilter {
  return {
    ...{ cam, class: of, zone, event },
    ...(from !== undefined && { fromUs: isoMs(from)! * 1000 }),
    ...(to !== undefined && { toUs: isoMs(to)! * 1000 + 999 }),
  }
}

/** Those before the first damaged one: what was predicted from that is lost with it. */
function soundOnes(records: readonly Uint8Array[]): readonly Uint8Array[] {
  let sound = 0
  for (const { kind } of readArchive(Buffer.concat(records))) {
    if (kind !== (sound === 0 ? 'key' : 'predicted')) break
    sound++
  }
  return records.slice(0, sound)
}

function describe(item: StoredSummary): Described {
  return {
    ref: `${item.cam}/${item.boot}/${item.seq}`,
    ts: isoOf(item.timeUs),
    ...(item.clk && { clk: item.clk }),
    bytes: item.bytes,
    sha256: item.sha256,
    fmt: item.version === 1 ? FORMAT : FORMAT_2,
    key: item.seq === item.keySeq,
    segment: `${item.cam}/${item.boot}/${item.keySeq}`,
    model: item.model,
    pinned: item.pinned,
  }
}
