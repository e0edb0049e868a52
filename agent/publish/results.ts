/** A committed frame -> its MQTT messages. The record is written at commit time, so a message is the same after a restart. */
import type { ClassifyResult, SegmentResult } from '../../contract/messages.js'
import { isoOf } from '../../contract/time.js'
import type { ResultKind, Topics } from '../../contract/topics.js'
import { type EventRecord, eventPart, Part, type Previous, type StoredFrame, shifted } from '../outbox.js'
import type { Properties } from './mqtt.js'

export interface ResultRecord {
  readonly common: Omit<ClassifyResult, 'cls' | 'q' | 'hist'>
  /** Execution provider of each head; the common one is the encoder's. */
  readonly ep?: { readonly cls?: string | undefined; readonly seg?: string | undefined }
  readonly q: Omit<ClassifyResult['q'], 'age_ms'>
  readonly cls?: ClassifyResult['cls']
  readonly seg?: SegmentResult['seg']
  /** seq of the frame that the heads looked at, if it was not this one. */
  readonly same_as?: number
  /** Absent where every frame is published. */
  readonly prev?: Previous
  /** In the order of their parts. */
  readonly events?: readonly EventRecord[]
}

export interface Message {
  readonly kind: ResultKind
  /** Its bit in the outbox. */
  readonly part: number
  /** Where it goes if it is not late. */
  readonly live: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly properties: Properties
}

const JSON_TYPE = { contentType: 'application/json' }
export const BITSTREAM_TYPE = 'application/vnd.blindsight.frame'

export function messagesOf(frame: StoredFrame, topics: Topics, hist: boolean, nowMs: number): Message[] {
  const record = JSON.parse(frame.result) as ResultRecord
  const q = { ...record.q, age_ms: Math.max(0, Math.round(nowMs - frame.timeUs / 1000)) }
  // Nobody should ask for what was never kept.
  const bits = frame.id ? record.common.bits : { ...record.common.bits, archived: false }
  // Since it was committed the time may have become known.
  const time = frame.clk ? { ts: isoOf(frame.timeUs), clk: frame.clk } : {}
  const messages: Message[] = []
  const add = (kind: ResultKind, part: number, payload: string | Uint8Array, properties: Properties, cam = frame.cam) =>
    messages.push({
      kind,
      part,
      live: topics.result(kind, cam),
      topic: topics.result(kind, cam, hist),
      payload,
      properties,
    })
  const json = (kind: 'cls' | 'seg', body: object) => {
    const ep = record.ep?.[kind]
    const payload = JSON.stringify({
      ...record.common,
      ...time,
      ...(ep && { model: { ...record.common.model, ep } }),
      bits,
      ...(record.same_as !== undefined && { same_as: record.same_as }),
      ...(record.prev?.results !== undefined && { prev: record.prev.results }),
      ...body,
      q,
      hist,
    })
    add(kind, Part[kind], payload, JSON_TYPE)
  }
  if (frame.parts & Part.cls && record.cls) json('cls', { cls: record.cls })
  if (frame.parts & Part.seg && record.seg) json('seg', { seg: record.seg })
  if (frame.parts & Part.bits) {
    const user = {
      boot: frame.boot,
      seq: String(frame.seq),
      sha256: frame.sha256,
      key: String(frame.seq === frame.keySeq),
      ...(record.prev && { prev: String(record.prev.bits ?? '') }),
    }
    add('bits', Part.bits, frame.bits, { contentType: BITSTREAM_TYPE, user })
  }
  const byUs = frame.clk ? frame.timeUs - Date.parse(record.common.ts) * 1000 : 0
  for (const [i, event] of (record.events ?? []).entries()) {
    if (!(frame.parts & eventPart(i))) continue
    const told = { ...shifted(event, byUs), ...(frame.clk && { clk: frame.clk }), hist }
    add('evt', eventPart(i), JSON.stringify(told), JSON_TYPE, event.cam)
  }
  return messages
}
