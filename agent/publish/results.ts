/** A committed frame -> its MQTT messages. The record is written at commit time, so a message is the same after a restart. */
import type { ClassifyResult, SegmentResult } from '../../contract/messages.js'
import type { ResultKind, Topics } from '../../contract/topics.js'
import { Part, type StoredFrame } from '../outbox.js'
import type { Properties } from './mqtt.js'

export interface ResultRecord {
  readonly common: Omit<ClassifyResult, 'cls' | 'q' | 'hist'>
  /** Execution provider of each head; the common one is the encoder's. */
  readonly ep?: { readonly cls?: string | undefined; readonly seg?: string | undefined }
  readonly q: Omit<ClassifyResult['q'], 'age_ms'>
  readonly cls?: ClassifyResult['cls']
  readonly seg?: SegmentResult['seg']
}

export interface Message {
  readonly kind: ResultKind
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly properties: Properties
}

export const BITSTREAM_TYPE = 'application/vnd.blindsight.frame'

export function messagesOf(frame: StoredFrame, topics: Topics, hist: boolean, nowMs: number): Message[] {
  const record = JSON.parse(frame.result) as ResultRecord
  const q = { ...record.q, age_ms: Math.max(0, Math.round(nowMs - frame.timeUs / 1000)) }
  // Nobody should ask for what was never kept.
  const bits = frame.id ? record.common.bits : { ...record.common.bits, archived: false }
  // Since it was committed the time may have become known.
  const time = frame.clk ? { ts: new Date(frame.timeUs / 1000).toISOString(), clk: frame.clk } : {}
  const messages: Message[] = []
  const json = (kind: 'cls' | 'seg', body: object) => {
    const ep = record.ep?.[kind]
    const payload = JSON.stringify({
      ...record.common,
      ...time,
      ...(ep && { model: { ...record.common.model, ep } }),
      bits,
      ...body,
      q,
      hist,
    })
    messages.push({
      kind,
      topic: topics.result(kind, frame.cam, hist),
      payload,
      properties: { contentType: 'application/json' },
    })
  }
  if (frame.parts & Part.cls && record.cls) json('cls', { cls: record.cls })
  if (frame.parts & Part.seg && record.seg) json('seg', { seg: record.seg })
  if (frame.parts & Part.bits) {
    const user = {
      boot: frame.boot,
      seq: String(frame.seq),
      sha256: frame.sha256,
      key: String(frame.seq === frame.keySeq),
    }
    messages.push({
      kind: 'bits',
      topic: topics.result('bits', frame.cam, hist),
      payload: frame.bits,
      properties: { contentType: BITSTREAM_TYPE, user },
    })
  }
  return messages
}
