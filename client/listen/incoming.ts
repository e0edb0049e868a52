/** From an MQTT message to a checked result or bitstream. */

import { readRecord } from '../../codec/index.js'
import { checked, type Schema } from '../../contract/issue.js'
import { ClassifyResult, EventMessage, SegmentResult } from '../../contract/messages.js'
import { decodeRuns } from '../../contract/rle.js'
import type { ResultKind } from '../../contract/topics.js'
import type { Message } from '../broker/mqtt.js'
import type { ResultKey } from './ledger.js'

interface Placed {
  readonly key: ResultKey
  readonly hist: boolean
  /** seq of the one published before it, null: none; absent: every frame is published, or it cannot say. */
  readonly prev?: number | null | undefined
  /** It was asked for: that it is here says nothing of others. */
  readonly asked?: true
}

export type Incoming = Placed &
  (
    | { readonly kind: 'cls'; readonly result: ClassifyResult; readonly json: unknown }
    | { readonly kind: 'seg'; readonly result: SegmentResult; readonly json: unknown }
    | { readonly kind: 'evt'; readonly event: EventMessage; readonly json: unknown }
    | { readonly kind: 'bits'; readonly bytes: Uint8Array }
  )

interface Origin {
  readonly dev: string
  readonly cam: string
  readonly kind: ResultKind
  readonly hist: boolean
}

/** @throws {Error} saying what is wrong with the payload; CodecError for a bitstream */
export function readIncoming(base: string, { topic, payload, user }: Message): Incoming {
  const origin = readTopic(base, topic)
  switch (origin.kind) {
    case 'bits':
      return readBits(origin, payload, user?.prev)
    case 'evt':
      return readEvent(origin, payload)
    default:
      return readResult(origin, origin.kind, payload)
  }
}

function readTopic(base: string, topic: string): Origin {
  const [dev, branch, cam, kind = 'bits'] = topic.slice(`${base}/v1/`.length).split('/')
  if (kind !== 'cls' && kind !== 'seg' && kind !== 'bits' && kind !== 'evt')
    throw new Error(`unexpected topic ${topic}`)
  return { dev, cam, kind, hist: branch === 'hist' }
}

/** A keyframe says itself whose it is; only the device is known from the topic alone, and a predicted frame's camera. */
function readBits({ dev, cam, hist }: Origin, payload: Uint8Array, said: string | string[] | undefined): Incoming {
  const { frame, boot, seq } = readRecord(payload)
  if (frame && frame.camera !== cam) throw new Error(`the bitstream is of camera ${frame.camera}, the topic of ${cam}`)
  const prev = said === undefined ? undefined : said === '' ? null : Number(said)
  return { kind: 'bits', key: { dev, cam, boot, kind: 'bits', seq }, hist, prev: before(prev, seq), bytes: payload }
}

function before(prev: number | null | undefined, seq: number): number | null | undefined {
  if (typeof prev !== 'number' || (Number.isSafeInteger(prev) && prev >= 0 && prev < seq)) return prev
  throw new Error(`prev: ${prev} is no frame before ${seq}`)
}

function readEvent({ dev, cam, hist }: Origin, payload: Uint8Array): Incoming {
  const json = jsonOf(payload)
  const event = checkedFrom(EventMessage, json, dev, cam)
  return { kind: 'evt', key: { dev, cam, boot: event.boot, kind: 'evt', seq: event.seq }, hist, event, json }
}

const jsonOf = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString('utf8'))

/** Of the topic that it came on. */
function checkedFrom<T extends { dev: string; cam: string }>(
  schema: Schema<T>,
  json: unknown,
  dev: string,
  cam: string,
): T {
  const data = checked(schema, json)
  if (data.dev !== dev || data.cam !== cam)
    throw new Error(`payload of ${data.dev}/${data.cam}, topic of ${dev}/${cam}`)
  return data
}

function readResult({ dev, cam, hist }: Origin, kind: 'cls' | 'seg', payload: Uint8Array): Incoming {
  const json = jsonOf(payload)
  const result = checkedFrom<ClassifyResult | SegmentResult>(
    kind === 'cls' ? ClassifyResult : SegmentResult,
    json,
    dev,
    cam,
  )
  const key = { dev, cam, boot: result.boot, kind, seq: result.seq } as const
  const prev = before(result.prev, result.seq)
  if (!('seg' in result)) return { kind: 'cls', key, hist, prev, result, json }
  decodeRuns(result.seg.mask.data, result.seg.w * result.seg.h)
  return { kind: 'seg', key, hist, prev, result, json }
}
