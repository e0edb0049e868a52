/**
 * A symbol as questions with yes or no, relative to a guess: is it the guess? is it above? is it further than this level?
 * Most symbols are their guess and cost one question. Each question has a number, its node:
 *
 *     guess       is it the guess?                      16 + v   it is at least v, above the guess: is it more than v?
 *     8 + guess   it is not: is it above the guess?     24 + v   it is at most v, below the guess: is it less than v?
 *
 * Questions with one possible answer are not asked.
 */
import type { BitCoder } from './binary.js'
import type { Predictor } from './predictor.js'

/** The nodes leave three bits for a level. */
export const MAX_CONTEXT_LEVELS = 8

export function codeSymbol(
  coder: BitCoder,
  predictor: Predictor,
  levels: number,
  guess: number,
  wanted: number,
): number {
  if (predictor.code(coder, guess, wanted === guess ? 1 : 0) === 1) return guess
  const top = levels - 1
  const above = guess === 0 ? 1 : guess === top ? 0 : predictor.code(coder, 8 + guess, wanted > guess ? 1 : 0)
  if (above === 1) {
    let v = guess + 1
    while (v < top && predictor.code(coder, 16 + v, wanted > v ? 1 : 0) === 1) v++
    return v
  }
  let v = guess - 1
  while (v > 0 && predictor.code(coder, 24 + v, wanted < v ? 1 : 0) === 1) v--
  return v
}
