/**
 * Contexts of the first thing a predicted frame of the profile `fast` says: at which positions any channel changes at all.
 * What follows is about these positions only, a fifth to a half of a moving scene's and hardly any of a quiet one's: that is
 * what makes it fast. It costs up to a twentieth of the size, so `max` goes without.
 */
import type { Planes } from './planes.js'
import type { Predictor } from './predictor.js'
import { clampTo, classOf, steps } from './quantise.js'

/** Of the channels' drifts, in 1/8 level, and of the changes around: finer where there are few. */
const sumSteps = steps([1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113])

export class SpotContexts {
  /** Where the planes of the channels begin that ever change. */
  private readonly starts: Int32Array

  constructor(
    private readonly planes: Planes,
    isSource: Uint8Array,
    private readonly predictor: Predictor,
  ) {
    this.starts = Int32Array.from([...isSource.keys()].filter((c) => isSource[c] === 1).map((c) => c * planes.size))
  }

  set(spot: number): void {
    const { planes, predictor, starts } = this
    const { touched, touchedBefore, changesBefore, stride, channels, mean, before, age } = planes
    let young = 0
    let youngest = 255
    let drifts = 0
    for (let i = 0; i < starts.length; i++) {
      const at = starts[i] + spot
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
    const drift = classOf(sumSteps, drifts >> 3)
    const near = classOf(sumSteps, 2 * last + lastAround + 4 * count)
    const channel = channels
    predictor.context(0, channel, (around << 7) | (drift << 3) | clampTo(last, 7))
    predictor.context(1, channel, (drift << 8) | (near << 4) | clampTo(young, 15))
    predictor.context(
      2,
      channel,
      (clampTo(youngest, 31) << 8) | (clampTo(young, 7) << 5) | (count << 2) | clampTo(ahead, 3),
    )
    predictor.select(channel, near, 2 * drift + (count > 0 ? 1 : 0))
  }
}
