/**
 * The coder of the profiles `fast` and `max`: one frame after another of one camera, keyframes and predicted ones.
 *
 * Read me first, the surprises:
 * - Encoding and decoding are the same walk over the symbols; only the BitCoder knows which it is (see binary.ts).
 * - A keyframe sets all that is adaptive back to the bundle's beginning. A predicted frame goes on from the frame before,
 *   with its symbols and with everything learnt: so a frame decodes only after all frames of its segment before it.
 * - After a fault the state means nothing: `ready` is false until the next keyframe.
 * - Order: channel, row, column. Each plane first says whether it is all as guessed, which costs next to nothing and saves
 *   the time for channels that never change; `fast` says before all planes which positions of a predicted frame change.
 */
import { BitCoder } from './binary.js'
import { CodecError } from './errors.js'
import { KeyContexts } from './keyframe.js'
import { begin, type ContextModel, type ContextProfile } from './model.js'
import { Planes } from './planes.js'
import { PredictedContexts } from './predicted.js'
import { INPUTS, Predictor } from './predictor.js'
import type { RansFault } from './rans.js'
import { SpotContexts } from './spots.js'
import { codeSymbol } from './symbol.js'

/** Flags learn 1/16 of their error and never become more certain than this. */
const FLAG_RATE = 4
const FLAG_LEAST = 64

/** First probability that a plane is all as guessed: that of a channel that tells nothing, and of another. */
const PLAIN = 0xfc00
const LIVELY = 0x0400

const faults: Record<RansFault, string> = {
  short: 'ends before its last symbol',
  long: 'has bytes left after its last symbol',
  state: 'does not start or end in a state that an encoder makes',
}

export class ContextCoder {
  /** Of the last frame decoded: bits per channel; at [C] what is of no channel (where anything changed). For reports only. */
  readonly channelBits: Float64Array
  /** Whether a predicted frame can follow. */
  ready = false
  /** Begins anew with a keyframe and with the first frame behind it, so one does for both: with `fast` it is 0.9 MB. */
  readonly predictor: Predictor
  private readonly bits = new BitCoder()
  private readonly planes: Planes
  private readonly keyContexts: KeyContexts
  private readonly predictedContexts: PredictedContexts
  private readonly plainKey: Int32Array
  private readonly plainPredicted: Int32Array
  private readonly spotContexts: SpotContexts
  /** Where a predicted frame changes, in the order of coding: index in a plane of symbols, and in the bordered one. */
  private readonly places: Int32Array
  private readonly spots: Int32Array
  private fresh = false
  /** Bits spent at the last mark; negative: no frame has begun. */
  private markedAt = -1

  constructor(
    readonly model: ContextModel,
    readonly profile: ContextProfile,
    readonly height: number,
    readonly width: number,
  ) {
    const { channels, levels, linear, isSource } = model
    this.predictor = new Predictor(channels + 1, INPUTS[profile])
    this.planes = new Planes(channels, height, width)
    this.keyContexts = new KeyContexts(this.planes, linear, this.predictor, levels)
    this.predictedContexts = new PredictedContexts(this.planes, linear, this.predictor)
    this.plainKey = new Int32Array(channels)
    this.channelBits = new Float64Array(channels + 1)
    this.plainPredicted = new Int32Array(channels)
    this.spotContexts = new SpotContexts(this.planes, isSource, this.predictor)
    this.places = new Int32Array(height * width)
    this.spots = new Int32Array(height * width)
  }

  /** `symbols`: channel-major [C, h, w], each below the model's levels (checked by the caller). */
  encode(symbols: Uint8Array, key: boolean): Uint8Array {
    this.bits.startEncoding()
    this.walk(symbols, key)
    return this.bits.finish()
  }

  /** Fills `symbols`; on a fault their content means nothing. */
  decode(payload: Uint8Array, symbols: Uint8Array, key: boolean): void {
    this.ready = this.ready && !key
    const fault = this.bits.startDecoding(payload)
    if (fault === undefined) this.walk(symbols, key)
    const ending = fault ?? this.bits.end()
    if (ending === undefined) return
    this.ready = false
    throw new CodecError(
      'payload',
      `payload of ${payload.length} bytes ${faults[ending]} (${symbols.length} symbols); use the context model that the record's hash names`,
    )
  }

  /** Reads `symbols` when encoding, writes them when decoding: after the walk they are the same. */
  private walk(symbols: Uint8Array, key: boolean): void {
    if (key) {
      this.walkKey(symbols)
      this.fresh = true
    } else {
      if (this.fresh) begin(this.predictor, this.model[this.profile].predicted)
      this.fresh = false
      this.walkPredicted(symbols)
    }
    this.ready = true
  }

  /** Channel `c` begins here: what was spent since the last mark was for the one before; -1 begins a frame. */
  private mark(c: number): void {
    if (!this.bits.decoding) return
    const spent = this.bits.spent()
    const { channelBits, model } = this
    if (c <= 0 && (c < 0 || this.markedAt < 0)) channelBits.fill(0)
    if (c === 0) channelBits[model.channels] = this.markedAt < 0 ? 0 : spent - this.markedAt
    else if (c > 0) channelBits[c - 1] = spent - this.markedAt
    this.markedAt = c === model.channels ? -1 : spent
  }

  private walkKey(symbols: Uint8Array): void {
    const { bits, planes, predictor, keyContexts, model, width, height } = this
    const { now, stride, size } = planes
    const { channels, levels, usual, isSource } = model
    begin(this.predictor, model[this.profile].key)
    planes.startKey()
    for (let c = 0; c < channels; c++) {
      this.mark(c)
      this.plainKey[c] = this.plainPredicted[c] = isSource[c] === 1 ? LIVELY : PLAIN
      const plane = symbols.subarray(c * width * height, (c + 1) * width * height)
      now.fill(usual[c], c * size, (c + 1) * size)
      if (this.flag(this.plainKey, c, !bits.decoding && isAll(plane, usual[c]) ? 1 : 0) === 1) {
        plane.fill(usual[c])
        if (isSource[c] === 1) planes.rough++
        continue
      }
      for (let y = 0, i = 0; y < height; y++) {
        const row = planes.row(c, y)
        if (y > 0) now[row - 2] = now[row - 1] = now[row - stride]
        for (let at = row; at < row + width; at++, i++) {
          const guess = keyContexts.set(c, at)
          const symbol = codeSymbol(bits, predictor, levels, guess, plane[i])
          plane[i] = symbol
          now[at] = symbol
        }
        now[row + width] = now[row + width + 1] = now[row + width - 1]
      }
      planes.closePlane(c)
      if (isSource[c] === 1) planes.addRoughness(c)
    }
    this.mark(channels)
    planes.endKey()
  }

  private walkPredicted(symbols: Uint8Array): void {
    const { bits, planes, predictor, predictedContexts, model, width, height, places, spots } = this
    planes.startPredicted()
    this.mark(-1)
    const { before, size } = planes
    if (this.profile === 'fast') this.codeSpots(symbols)
    else planes.touched.fill(1)
    const count = this.listTouched()
    for (let c = 0; c < model.channels; c++) {
      this.mark(c)
      const first = c * width * height
      const same = this.flag(this.plainPredicted, c, !bits.decoding && this.isSame(symbols, c) ? 1 : 0) === 1
      if (!same) {
        for (let k = 0; k < count; k++) {
          const at = c * size + spots[k]
          predictedContexts.set(c, at)
          planes.put(at, c, codeSymbol(bits, predictor, model.levels, before[at], symbols[first + places[k]]))
        }
        planes.closePlane(c)
      }
      if (bits.decoding) planes.read(c, symbols, first)
    }
    this.mark(model.channels)
  }

  /** @returns how many places there are */
  private listTouched(): number {
    const { planes, places, spots, width, height } = this
    let count = 0
    for (let y = 0, place = 0; y < height; y++) {
      const row = planes.row(0, y)
      for (let at = row; at < row + width; at++, place++) {
        if (planes.touched[at] === 0) continue
        places[count] = place
        spots[count++] = at
      }
    }
    return count
  }

  /** For every position, whether any channel has changed there. */
  private codeSpots(symbols: Uint8Array): void {
    const { bits, planes, predictor, spotContexts, width, height } = this
    const { touched } = planes
    if (!bits.decoding) this.markTouched(symbols)
    for (let y = 0; y < height; y++) {
      const row = planes.row(0, y)
      for (let at = row; at < row + width; at++) {
        spotContexts.set(at)
        touched[at] = predictor.code(bits, 0, touched[at])
      }
    }
  }

  private markTouched(symbols: Uint8Array): void {
    const { planes, width, height, model } = this
    for (let c = 0, i = 0; c < model.channels; c++) {
      for (let y = 0; y < height; y++) {
        const row = planes.row(c, y)
        for (let at = row; at < row + width; at++, i++) {
          if (symbols[i] !== planes.before[at]) planes.touched[at - c * planes.size] = 1
        }
      }
    }
  }

  private isSame(symbols: Uint8Array, channel: number): boolean {
    const { planes, width, height } = this
    for (let y = 0, i = channel * width * height; y < height; y++) {
      const row = planes.row(channel, y)
      for (let x = 0; x < width; x++, i++) if (symbols[i] !== planes.before[row + x]) return false
    }
    return true
  }

  private flag(states: Int32Array, at: number, wanted: number): number {
    const state = states[at]
    const p = state < FLAG_LEAST ? FLAG_LEAST : state > 65536 - FLAG_LEAST ? 65536 - FLAG_LEAST : state
    const bit = this.bits.bit(p, wanted)
    states[at] = state + (((bit << 16) - state) >> FLAG_RATE)
    return bit
  }
}

function isAll(plane: Uint8Array, symbol: number): boolean {
  for (let i = 0; i < plane.length; i++) if (plane[i] !== symbol) return false
  return true
}
