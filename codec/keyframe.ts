/**
 * Contexts of a keyframe: neighbours to the left and above in the same plane (causal), and all around in the channels
 * that are already there.
 *
 * Channel after channel, not position after position: what is right of and below a symbol in the earlier channels then
 * helps too; measured, it is 2 % smaller.
 */
import { KEY_CROSS, KEY_OWN, type Linear } from './linear.js'
import type { Planes } from './planes.js'
import { FAST_INPUTS, type Predictor } from './predictor.js'
import { clampTo, classOf, steps } from './quantise.js'

/** Sources whose symbols are looked at one by one. */
const NEAREST = 7

/** Of the mean absolute difference between a source's symbol and its neighbours, in 1/12: half powers of two, about. */
const crossSteps = steps([2, 4, 8, 12, 19, 28, 42, 60, 87, 124, 178])

export class KeyContexts {
  /** Symbols of the nearest sources here, 0 for what is missing. */
  private readonly here = new Int32Array(NEAREST)
  /** By channel, how far back in memory its sources are. */
  private readonly distances: readonly Int32Array[]

  constructor(
    private readonly planes: Planes,
    private readonly linear: readonly Linear[],
    private readonly predictor: Predictor,
    private readonly levels: number,
  ) {
    this.distances = linear.map(({ sources }, c) => sources.map((source) => (c - source) * planes.size))
  }

  /** Sets the predictor's contexts for the symbol at `at`; returns the guess. */
  set(channel: number, at: number): number {
    const { planes, predictor, here } = this
    const { now, stride } = planes
    const { key } = this.linear[channel]
    const distances = this.distances[channel]
    const w = now[at - 1]
    const n = now[at - stride]
    const nw = now[at - stride - 1]
    const ne = now[at - stride + 1]
    const ww = now[at - 2]
    const nn = now[at - 2 * stride]
    let sum = key[0] * w + key[1] * n + key[2] * nw + key[3] * ne + key[4] * ww + key[5] * nn
    let weight = KEY_OWN
    for (let i = 0; i < distances.length; i++) {
      const there = at - distances[i]
      const v = now[there]
      const east = now[there + 1]
      const west = now[there - 1]
      const south = now[there + stride]
      const north = now[there - stride]
      if (i < NEAREST) here[i] = v
      sum +=
        key[weight] * v +
        key[weight + 1] * east +
        key[weight + 2] * west +
        key[weight + 3] * south +
        key[weight + 4] * north
      weight += KEY_CROSS
    }
    for (let i = distances.length; i < NEAREST; i++) here[i] = 0
    sum += key[weight]

    const expected = clampTo((sum >> 9) + 4, 63) // in 1/8 level
    const half = expected >> 2
    const own = Math.abs(w - nw) + Math.abs(n - nw) + Math.abs(n - ne)
    const ownClass = own < 2 ? own : own < 4 ? 2 : 3
    const cross =
      planes.rough === 0
        ? 0
        : classOf(crossSteps, Math.floor((12 * planes.roughness[at - channel * planes.size]) / planes.rough))
    const a = here[0]
    const b = here[1]
    const c = here[2]
    const d = here[3]
    const e = here[4]
    const f = here[5]
    predictor.context(0, channel, (expected << 6) | (cross << 2) | ownClass)
    predictor.context(1, channel, (w << 9) | (n << 6) | (nw << 3) | ne)
    predictor.context(2, channel, (half << 15) | (a << 12) | (c << 9) | (d << 6) | (e << 3) | f)
    if (predictor.inputs > FAST_INPUTS) {
      predictor.context(3, channel, (w << 12) | (ww << 9) | (n << 6) | (nn << 3) | ne)
      predictor.context(4, channel, (w << 10) | (n << 7) | (cross << 3) | a)
      predictor.context(5, channel, (a << 12) | (b << 9) | (e << 6) | (f << 3) | here[6])
      predictor.context(6, channel, (half << 12) | (a << 9) | (b << 6) | (c << 3) | d)
    }
    predictor.select(channel, cross, expected)
    return clampTo((sum + 2048) >> 12, this.levels - 1)
  }
}
