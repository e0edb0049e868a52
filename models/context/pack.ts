/** Writes context.bin, the inverse of codec/model.ts. Only training writes it, so the codec does not carry this. */
import { ByteEncoder } from '../../codec/bytes.js'
import { crc32 } from '../../codec/crc32.js'
import { STRETCH } from '../../codec/logistic.js'
import { type Beginning, type ContextModel, STRETCH_STEP, SURE, WEIGHT_SHIFT } from '../../codec/model.js'
import { COUNTER_BITS, firstWeight, INPUTS, LIMIT, SEEN_BITS, TABLE_BITS } from '../../codec/predictor.js'

/** A counter seen less often says nothing worth a byte. */
const LEAST_SEEN = 4

export function packContextModel(model: ContextModel): Uint8Array {
  const body = new ByteEncoder()
  const counters = ({ counters }: Beginning) => {
    counters.forEach((counter, i) => {
      if (i % (1 << TABLE_BITS) === 0) body.section()
      body.byte(counterByte(counter))
    })
  }
  const weights = ({ byActivity, byPosition }: Beginning, inputs: number) => {
    for (const set of [byActivity, byPosition]) {
      body.shorts(set.map((weight) => clampShort((weight - firstWeight(inputs)) >> WEIGHT_SHIFT)))
    }
  }
  for (const symbol of model.usual) body.byte(symbol)
  for (const flag of model.isSource) body.byte(flag)
  for (const { key, predicted } of model.linear) {
    body.shorts(key)
    body.shorts(predicted)
  }
  counters(model.max.key)
  for (const profile of ['fast', 'max'] as const) {
    weights(model[profile].key, INPUTS[profile])
    counters(model[profile].predicted)
    weights(model[profile].predicted, INPUTS[profile])
  }

  const packed = body.finish()
  const file = new Uint8Array(12 + packed.length + 4)
  const view = new DataView(file.buffer)
  file.set([0xab, 0x42, 0x53, 0x43, 1, model.channels, model.levels])
  view.setUint32(8, file.length, true)
  file.set(packed, 12)
  view.setUint32(file.length - 4, crc32(file, 0, file.length - 4), true)
  return file
}

const clampShort = (value: number): number => Math.max(-32768, Math.min(32767, value))

function counterByte(counter: number): number {
  const seen = counter & LIMIT
  if (seen < LEAST_SEEN) return 0
  const stretched = STRETCH[counter >>> (SEEN_BITS + COUNTER_BITS - 12)]
  const p = Math.max(0, Math.min(30, Math.round(stretched / STRETCH_STEP) + 15))
  return 1 + 2 * p + (seen >= SURE[1] ? 1 : 0)
}
