/**
 * Contexts of a predicted frame. The guess is the symbol of the frame before, so the question is what has changed, and what
 * was about to change: a symbol near the border of two levels flickers, and its running mean shows it.
 */
import { type Linear, PREDICTED_CROSS, PREDICTED_OWN } from './linear.js'
import type { Planes } from './planes.js'
import { FAST_INPUTS, type Predictor } from './predictor.js'
import { clampTo, classOf, steps } from './quantise.js'

const nearSteps = steps([1, 2, 4, 6, 11, 19, 30, 49, 79, 126])
const ageSteps = steps([1, 2, 3, 4, 8, 16])

export class PredictedContexts {
  /** By channel, how far back in memory its sources are. */
  private readonly distances: readonly Int32Array[]

  constructor(
    private readonly planes: Planes,
    private readonly linear: readonly Linear[],
    private readonly predictor: Predictor,
  ) {
    this.distances = linear.map(({ sources }, c) => sources.map((source) => (c - source) * planes.size))
  }

  /** Sets the predictor's contexts for the symbol at `at`. */
  set(channel: number, at: number): void {
    const { planes, predictor } = this
    const { now, before, stride, changes } = planes
    const { predicted } = this.linear[channel]
    const distances = this.distances[channel]
    const spot = at - channel * planes.size
    const guess = before[at]
    const west = now[at - 1]
    const north = now[at - stride]
    const dw = west - before[at - 1]
    const dn = north - before[at - stride]
    const dnw = now[at - stride - 1] - before[at - stride - 1]
    const dne = now[at - stride + 1] - before[at - stride + 1]
    const bw = before[at - 1]
    const be = before[at + 1]
    const bn = before[at - stride]
    const bs = before[at + stride]
    const drift = planes.mean[at] - (guess << 6)
    const here = changes[spot]
    const beside = changes[spot + 1] + changes[spot - 1] + changes[spot + stride] + changes[spot - stride]
    const corners =
      changes[spot + stride + 1] + changes[spot - stride - 1] + changes[spot + stride - 1] + changes[spot - stride + 1]

    let sum =
      predicted[0] * dw +
      predicted[1] * dn +
      predicted[2] * dnw +
      predicted[3] * dne +
      ((predicted[4] * drift) >> 6) +
      predicted[5] * (bw - guess) +
      predicted[6] * (be - guess) +
      predicted[7] * (bn - guess) +
      predicted[8] * (bs - guess) +
      predicted[predicted.length - 1]
    let first = 0
    let second = 0
    // Where nothing has changed, and that is nearly everywhere, the channels have nothing to add.
    if (here + beside > 0) {
      let weight = PREDICTED_OWN
      for (let i = 0; i < distances.length; i++) {
        const there = at - distances[i]
        const change = now[there] - before[there]
        if (i === 0) first = change
        else if (i === 1) second = change
        sum +=
          predicted[weight] * change +
          predicted[weight + 1] * (now[there + 1] - before[there + 1]) +
          predicted[weight + 2] * (now[there - 1] - before[there - 1]) +
          predicted[weight + 3] * (now[there + stride] - before[there + stride]) +
          predicted[weight + 4] * (now[there - stride] - before[there - stride])
        weight += PREDICTED_CROSS
      }
    }

    const expected = clampTo(((sum + 128) >> 8) + 16, 31) // change in 1/16 level
    const own = nonZero(dw) + nonZero(dn) + nonZero(dnw) + nonZero(dne)
    const near = classOf(nearSteps, 4 * here + 2 * beside + corners)
    const age = planes.age[at]
    const other = planes.other[at]
    const last = clampTo(planes.changesBefore[spot], 3)
    const bend = clampTo(((bw + be + bn + bs - 4 * guess) >> 1) + 8, 15)
    const back = age === 255 || other === guess ? 0 : other > guess ? 1 : 2
    const ageClass = classOf(ageSteps, age)
    const near1 = distances.length > 0 ? now[at - distances[0]] : 0
    const near2 = distances.length > 1 ? now[at - distances[1]] : 0
    predictor.context(0, channel, (expected << 6) | (near << 2) | last)
    predictor.context(1, channel, (clampTo(age, 15) << 8) | (other << 5) | (last << 3) | own)
    predictor.context(
      2,
      channel,
      (sign(first) << 13) | (sign(second) << 11) | (clampTo(here, 3) << 9) | (ageClass << 6) | (back << 4) | bend,
    )
    if (predictor.inputs > FAST_INPUTS) {
      predictor.context(3, channel, (clampTo((drift >> 3) + 8, 15) << 5) | (ageClass << 2) | back)
      predictor.context(4, channel, (west << 9) | (north << 6) | (near1 << 3) | near2)
      predictor.context(5, channel, (west << 11) | (north << 8) | (be << 5) | (bs << 2) | (near >> 2))
      predictor.context(6, channel, (bw << 9) | (be << 6) | (bn << 3) | bs)
    }
    predictor.select(channel, near, expected)
  }
}

const nonZero = (x: number): number => (x === 0 ? 0 : 1)
const sign = (x: number): number => (x > 0 ? 1 : x < 0 ? 2 : 0)
