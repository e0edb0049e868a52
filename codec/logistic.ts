/**
 * Probabilities and their logarithmic twin, for mixing: stretch(p) = ln(p / (1 - p)), squash its inverse.
 *
 * Read me first, the surprises:
 * - A probability is of the bit being 1, in 1/65536. A stretched one is in 1/200 and held in +-2047: +-10.2, so that a
 *   bit as certain as 1 in 28,000 can be said. Both fit tables that stay in the first-level cache.
 * - Nothing is computed with exp or log, whose last bit differs between machines: squash is 33 stored values with straight
 *   lines between them, stretch is squash read backwards.
 */

export const STRETCH_LIMIT = 2047

/** round(65536 / (1 + e^(-x / 200))) for x = -2048, -1920, ... 2048. */
const KNOTS = [
  2, 4, 8, 16, 30, 57, 109, 206, 389, 734, 1379, 2567, 4703, 8380, 14257, 22626, 32768, 42910, 51279, 57156, 60833,
  62969, 64157, 64802, 65147, 65330, 65427, 65479, 65506, 65520, 65528, 65532, 65534,
]

/** By stretched value + 2048. */
export const SQUASH = new Int32Array(4096)
for (let i = 0; i < 4096; i++) {
  const knot = i >> 7
  SQUASH[i] = KNOTS[knot] + (((KNOTS[knot + 1] - KNOTS[knot]) * (i & 127)) >> 7)
}

/** By probability / 16: the first x whose squash reaches it. */
export const STRETCH = new Int32Array(4096)
{
  let next = 0
  for (let x = -STRETCH_LIMIT; x <= STRETCH_LIMIT; x++) {
    const reached = SQUASH[x + 2048] >> 4
    while (next <= reached) STRETCH[next++] = x
  }
  while (next < 4096) STRETCH[next++] = STRETCH_LIMIT
}
