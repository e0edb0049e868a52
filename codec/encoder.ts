/** One camera's symbols into payloads and records: which frame is a key, and what follows what. */
import { ContextCoder } from './context.js'
import { CodecError } from './errors.js'
import { type FrameInfo, MAX_SYMBOLS } from './info.js'
import type { ContextModel } from './model.js'
import { MAX_SEGMENT, NO_CONTEXT, type Profile, packKeyRecord, packPredictedRecord } from './record.js'
import { StaticCoder, type StaticTables } from './static.js'

/** What a bundle gives the codec. Hashes: first 8 bytes of the file's SHA-256, 16 lower-case hexadecimal digits. */
export interface Coding {
  readonly tables: StaticTables
  readonly tablesHash: string
  /** Needed for fast and max. */
  readonly model?: ContextModel
  readonly contextHash?: string
}

/** Height and width in symbols. */
export interface Shape {
  readonly height: number
  readonly width: number
}

export interface Coded {
  readonly payload: Uint8Array
  readonly profile: Profile
  readonly key: boolean
  /** In the segment: 0 for a key. */
  readonly position: number
}

export class Encoder {
  readonly channels: number
  readonly levels: number
  private readonly fixed: StaticCoder | undefined
  private readonly adaptive: ContextCoder | undefined
  private position = 0

  constructor(
    readonly profile: Profile,
    coding: Coding,
    readonly shape: Shape,
  ) {
    checkShape(shape, coding.tables.freqs.length)
    const fixed = new StaticCoder(coding.tables)
    this.channels = fixed.channels
    this.levels = fixed.levels
    if (profile === 'static') this.fixed = fixed
    else this.adaptive = new ContextCoder(modelFor(coding), profile, shape.height, shape.width)
  }

  /**
   * `symbols`: channel-major [C, h, w]. `key` asks for a keyframe; the first frame of a camera, every frame of the static
   * profile and the one after MAX_SEGMENT frames are keyframes anyway.
   */
  encode(symbols: Uint8Array, { key = false }: { readonly key?: boolean } = {}): Coded {
    const { profile, shape, channels, levels, fixed, adaptive } = this
    const count = channels * shape.height * shape.width
    if (symbols.length !== count) {
      throw new CodecError('argument', `${symbols.length} symbols are not the ${count} of this encoder's shape`)
    }
    if (fixed) return { payload: fixed.encode(symbols), profile, key: true, position: 0 }
    for (let i = 0; i < count; i++) {
      if (symbols[i] < levels) continue
      throw new CodecError('argument', `symbol ${symbols[i]} at index ${i} is not below ${levels} levels`)
    }
    const isKey = key || !adaptive!.ready || this.position === MAX_SEGMENT - 1
    this.position = isKey ? 0 : this.position + 1
    return { payload: adaptive!.encode(symbols, isKey), profile, key: isKey, position: this.position }
  }
}

/**
 * Puts coded frames into records, one camera's in order. A coded frame that never got here (dropped, not committed) leaves
 * a gap in the positions: the next predicted one is refused with code `chain`, and the encoder must be asked for a key.
 */
export class Packer {
  private last: { readonly crc: number; readonly position: number; readonly seq: number } | undefined

  constructor(private readonly context: string = NO_CONTEXT) {}

  pack(frame: FrameInfo, { payload, profile, key, position }: Coded): Uint8Array {
    const { last } = this
    const { seq, timeUs, boot } = frame
    let bytes: Uint8Array
    if (key) {
      bytes = packKeyRecord({ profile, frame, context: profile === 'static' ? NO_CONTEXT : this.context }, payload)
    } else {
      if (profile === 'static' || !last || position !== last.position + 1 || seq !== last.seq + 1) {
        this.last = undefined
        throw new CodecError(
          'chain',
          `frame ${seq} follows one that was not packed: leave it out and ask the encoder for a key`,
        )
      }
      bytes = packPredictedRecord({ profile, boot, seq, timeUs, position, chain: last.crc }, payload)
    }
    const crc = new DataView(bytes.buffer).getUint32(bytes.length - 4, true)
    this.last = { crc, position: key ? 0 : position, seq }
    return bytes
  }
}

export function modelFor({ tables, model }: Coding): ContextModel {
  if (!model) {
    throw new CodecError('context', 'the profiles fast and max need a context model: use a bundle that has context.bin')
  }
  if (model.channels === tables.freqs.length && model.levels === tables.freqs[0].length) return model
  throw new CodecError(
    'context',
    `the context model is for ${model.channels} channels of ${model.levels} levels, the tables for ${tables.freqs.length} of ${tables.freqs[0].length}: take both from one bundle`,
  )
}

export function checkShape({ height, width }: Shape, channels: number): void {
  const positive = Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0
  if (positive && channels * height * width <= MAX_SYMBOLS) return
  throw new CodecError('argument', `a latent of ${channels} x ${height} x ${width} cannot be coded`)
}
