/**
 * Contexts of the first thing a predicted frame says: at which positions any channel changes at all. What follows is about
 * these positions only, a fifth to a half of a moving scene's and hardly any of a quiet one's.
 */
import type { Planes } from './planes.js'
import { FAST_INPUTS, type Predictor } from './predictor.js'
import { clampTo, classOf, steps } from './quantise.js'

const restless = steps([1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113])
const nearSteps = steps([1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113])

export class SpotContexts {
  constructor(
    private readonly planes: Planes,
    private readonly isSource: Uint8Array,
    private readonly predictor: Predictor,
  ) {}

  set(spot: number): void {
    const { planes, predictor, isSource } = this
    const { touched, touchedBefore, changesBefore, stride, size, channels, mean, before, age } = planes
    let young = 0
    let youngest = 255
    let drifts = 0
    for (let c = 0, at = spot; c < channels; c++, at += size) {
      if (isSource[c] === 0) continue
      const drift = mean[at] - (before[at] << 6)
      drifts += drift < 0 ? -drift : drift
      const old = age[at]
      if (old < 8) young++
      if (old < youngest) youngest = old
    }
    const west = touched[spot - 1]
    const north = touched[spot - stride]
    const northWest = touched[spot - stride - 1]
    const northEast = touched[spot - stride + 1]
    const around = west + 2 * north + 4 * northWest + 8 * northEast
    const count = west + north + northWest + northEast
    const ahead =
      touchedBefore[spot + 1] +
      touchedBefore[spot + stride] +
      touchedBefore[spot + stride + 1] +
      touchedBefore[spot + stride - 1]
    const last = changesBefore[spot]
    const lastAround =
      changesBefore[spot + 1] + changesBefore[spot - 1] + changesBefore[spot + stride] + changesBefore[spot - stride]
    const drift = classOf(restless, drifts >> 3)
    const near = classOf(nearSteps, 2 * last + lastAround + 4 * count)
    const channel = channels
    predictor.context(0, channel, (around << 7) | (drift << 3) | clampTo(last, 7))
    predictor.context(1, channel, (drift << 8) | (near << 4) | clampTo(young, 15))
    predictor.context(
      2,
      channel,
      (clampTo(youngest, 31) << 8) | (clampTo(young, 7) << 5) | (count << 2) | clampTo(ahead, 3),
    )
    if (predictor.inputs > FAST_INPUTS) {
      const farther = touched[spot - 2] + 2 * touched[spot - 2 * stride]
      predictor.context(3, channel, (clampTo(drifts >> 2, 63) << 3) | count)
      predictor.context(
        4,
        channel,
        (around << 10) |
          (farther << 8) |
          (touchedBefore[spot] << 7) |
          (clampTo(lastAround, 15) << 3) |
          clampTo(ahead, 7),
      )
      predictor.context(5, channel, spot & 0x3fffff)
      predictor.context(6, channel, (near << 6) | clampTo(youngest, 63))
    }
    predictor.select(channel, near, 2 * drift + (count > 0 ? 1 : 0))
  }
}
