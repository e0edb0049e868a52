/** Records of one camera, in order, back into symbols. A record that does not follow what was decoded is refused. */
import { ContextCoder } from './context.js'
import { type Coding, modelFor } from './encoder.js'
import { CodecError } from './errors.js'
import { type FrameInfo, latentSize } from './info.js'
import type { FrameRecord } from './record.js'
import { StaticCoder } from './static.js'

export interface Decoded {
  /** Of this frame, also where the record leaves it to its key record. */
  readonly frame: FrameInfo
  readonly key: boolean
  readonly position: number
  readonly symbols: Uint8Array
  /** Of fast and max: bits of the payload per channel, and at [C] those of no channel. For reports only. */
  readonly channelBits?: Float64Array
}

export class Decoder {
  private readonly fixed: StaticCoder
  private readonly adaptive = new Map<string, ContextCoder>()
  private last: { readonly record: FrameRecord; readonly frame: FrameInfo; readonly coder: ContextCoder } | undefined

  constructor(private readonly coding: Coding) {
    this.fixed = new StaticCoder(coding.tables)
  }

  /**
   * @throws {CodecError} `chain`: the frame before was not decoded here. What was decoded stays: after a duplicate or a
   * stray record the right one may still come. After any other fault, and after a lost frame, only a key helps.
   */
  decode(record: FrameRecord): Decoded {
    return record.kind === 'key' ? this.decodeKey(record) : this.decodePredicted(record)
  }

  private decodeKey(record: FrameRecord): Decoded {
    const { frame, profile, payload } = record
    if (!frame) throw new CodecError('argument', 'a key record without its frame')
    if (profile === undefined) {
      throw new CodecError('mode', `coding mode ${frame.mode} is not known: decode it with a newer release`)
    }
    this.checkTables(frame)
    this.last = undefined
    if (profile === 'static') {
      return { frame, key: true, position: 0, symbols: this.fixed.decode(payload, latentSize(frame)) }
    }
    if (record.context !== this.coding.contextHash) {
      throw new CodecError(
        'context',
        `the record was coded with the context model ${record.context}, this is ${this.coding.contextHash ?? 'none'}: use context.bin of bundle ${frame.bundle}`,
      )
    }
    const coder = this.coder(profile, frame)
    const symbols = new Uint8Array(latentSize(frame))
    coder.decode(payload, symbols, true)
    this.last = { record, frame, coder }
    return { frame, key: true, position: 0, symbols, channelBits: coder.channelBits.slice() }
  }

  private decodePredicted(record: FrameRecord): Decoded {
    const { last } = this
    if (!last || !follows(record, last.record)) {
      const before = last ? `seq ${last.record.seq} of boot ${last.record.boot}` : 'none'
      throw new CodecError(
        'chain',
        `frame ${record.seq} of boot ${record.boot} does not follow the last decoded one (${before}): wait for a keyframe, or ask for one`,
      )
    }
    this.last = undefined
    const symbols = new Uint8Array(latentSize(last.frame))
    last.coder.decode(record.payload, symbols, false)
    const frame = { ...last.frame, seq: record.seq, timeUs: record.timeUs }
    this.last = { record, frame, coder: last.coder }
    return { frame, key: false, position: record.position, symbols, channelBits: last.coder.channelBits.slice() }
  }

  private checkTables(frame: FrameInfo): void {
    const { tablesHash } = this.coding
    const { channels, levels } = this.fixed
    if (frame.tables === tablesHash && frame.channels === channels && frame.levels === levels) return
    const record = `the record has ${frame.channels} channels of ${frame.levels} levels and names the tables ${frame.tables}`
    const have = `these are ${tablesHash}, ${channels} of ${levels}`
    throw new CodecError('tables', `${record}; ${have}: use entropy.json of bundle ${frame.bundle}`)
  }

  /** One coder is kept: a camera hardly ever changes its size, and a coder is megabytes. */
  private coder(profile: 'fast' | 'max', frame: FrameInfo): ContextCoder {
    const height = frame.height / frame.stride
    const width = frame.width / frame.stride
    const name = `${profile} ${height} ${width}`
    const kept = this.adaptive.get(name)
    if (kept) return kept
    this.adaptive.clear()
    const made = new ContextCoder(modelFor(this.coding), profile, height, width)
    this.adaptive.set(name, made)
    return made
  }
}

/** Whether a predicted record is the very next one after `before`. */
export function follows(record: FrameRecord, before: FrameRecord): boolean {
  return (
    record.kind === 'predicted' &&
    record.chain === before.crc &&
    record.position === before.position + 1 &&
    record.seq === before.seq + 1 &&
    record.boot === before.boot &&
    record.profile === before.profile
  )
}
