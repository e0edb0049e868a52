/** Writes context.bin, the inverse of codec/model.ts. Only training writes it, so the codec does not carry this. */
import { crc32 } from '../codec/crc32.js'
import { STRETCH } from '../codec/logistic.js'
import { type Beginning, type ContextModel, STRETCH_STEP, SURE, WEIGHT_SHIFT } from '../codec/model.js'
import { COUNTER_BITS, firstWeight, INPUTS, LIMIT, SEEN_BITS } from '../codec/predictor.js'

/** A counter seen less often says nothing worth a byte. */
const LEAST_SEEN = Number(process.env.SEEN ?? 2)

export function packContextModel(model: ContextModel): Uint8Array {
  const body: number[] = []
  const byte = (value: number) => body.push(value & 255)
  const short = (value: number) => {
    const held = Math.max(-32768, Math.min(32767, value))
    byte(held)
    byte(held >> 8)
  }
  const counters = ({ counters }: Beginning) => {
    for (const counter of counters) byte(counterByte(counter))
  }
  const weights = ({ byActivity, byPosition }: Beginning, inputs: number) => {
    for (const set of [byActivity, byPosition]) {
      for (const weight of set) short((weight - firstWeight(inputs)) >> WEIGHT_SHIFT)
    }
  }
  for (const symbol of model.usual) byte(symbol)
  for (const flag of model.isSource) byte(flag)
  for (const { key, predicted } of model.linear) {
    for (const weight of key) short(weight)
    for (const weight of predicted) short(weight)
  }
  counters(model.max.key)
  for (const profile of ['fast', 'max'] as const) {
    weights(model[profile].key, INPUTS[profile])
    counters(model[profile].predicted)
    weights(model[profile].predicted, INPUTS[profile])
  }

  const packed = zeroRuns(body)
  const file = new Uint8Array(12 + packed.length + 4)
  const view = new DataView(file.buffer)
  file.set([0xab, 0x42, 0x53, 0x43, 1, model.channels, model.levels])
  view.setUint32(8, file.length, true)
  file.set(packed, 12)
  view.setUint32(file.length - 4, crc32(file, 0, file.length - 4), true)
  return file
}

function counterByte(counter: number): number {
  const seen = counter & LIMIT
  if (seen < LEAST_SEEN) return 0
  const stretched = STRETCH[counter >>> (SEEN_BITS + COUNTER_BITS - 12)]
  const p = Math.max(0, Math.min(62, Math.round(stretched / STRETCH_STEP) + 31))
  let sure = 0
  while (sure < 3 && seen >= SURE[sure + 1]) sure++
  return 1 + 4 * p + sure
}

function zeroRuns(bytes: readonly number[]): Uint8Array {
  const out: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    out.push(bytes[i])
    if (bytes[i] !== 0) continue
    let more = 0
    while (more < 255 && bytes[i + 1] === 0) {
      more++
      i++
    }
    out.push(more)
  }
  return Uint8Array.from(out)
}
