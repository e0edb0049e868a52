/**
 * Linear guesses: a weighted sum of neighbours, the weights from the bundle (least squares over its training data). It is
 * not used as the prediction but, cut into steps, as a context: the tables learn what a sum of 2.6 means.
 *
 * Neighbours in the order of their weights, weights in 1/4096 level, the last one for the constant 1:
 *
 *     key        the symbols at W, N, NW, NE, WW, NN, then per source channel those here and at E, W, S, N
 *     predicted  the change at W, N, NW, NE; the running mean less the guess; the frame before at W, E, N, S less the guess;
 *                then per source channel the change here and at E, W, S, N
 */

export const KEY_OWN = 6
export const KEY_CROSS = 5
export const PREDICTED_OWN = 9
export const PREDICTED_CROSS = 5

export interface Linear {
  /** Earlier channels that this one looks at, nearest first. */
  readonly sources: Int32Array
  readonly key: Int32Array
  readonly predicted: Int32Array
}

/** Bounds the work per symbol; no bundle so far has more live channels. */
export const MAX_SOURCES = 16

/** `isSource`: by channel, 0 for those that never change and so tell nothing. */
export function sourcesOf(channel: number, isSource: Uint8Array): Int32Array {
  const sources: number[] = []
  for (let c = channel - 1; c >= 0 && sources.length < MAX_SOURCES; c--) {
    if (isSource[c] === 1) sources.push(c)
  }
  return Int32Array.from(sources)
}

export const keyWeights = (sources: number): number => KEY_OWN + KEY_CROSS * sources + 1
export const predictedWeights = (sources: number): number => PREDICTED_OWN + PREDICTED_CROSS * sources + 1
