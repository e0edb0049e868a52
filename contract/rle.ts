/** Run-length form of a class-id mask: [class, run, class, run, …], rows from the top left. */

export function encodeRuns(mask: Uint8Array): number[] {
  const runs: number[] = []
  for (let start = 0; start < mask.length; ) {
    let end = start + 1
    while (end < mask.length && mask[end] === mask[start]) end++
    runs.push(mask[start]!, end - start)
    start = end
  }
  return runs
}

/** A mask has a place for several pixels each way; two numbers could ask for any number of them. */
const MOST = 2 ** 24

/** @throws {RangeError} if the runs do not fill exactly `length` pixels, or there are more than any mask has. */
export function decodeRuns(runs: readonly number[], length: number): Uint8Array {
  if (length > MOST) throw new RangeError(`a mask of ${length} pixels, more than ${MOST}`)
  const mask = new Uint8Array(length)
  let at = 0
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const run = runs[i + 1]!
    if (run < 1 || at + run > length) throw new RangeError(`mask runs overrun ${length} pixels`)
    mask.fill(runs[i]!, at, at + run)
    at += run
  }
  if (at !== length || runs.length % 2 === 1) throw new RangeError(`mask runs fill ${at} of ${length} pixels`)
  return mask
}
