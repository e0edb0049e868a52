/** Steps by which counts become a few classes. */

/** By value, the number of thresholds at or below it; values past the end belong to the last class. */
export function steps(thresholds: readonly number[]): Uint8Array {
  const table = new Uint8Array(thresholds[thresholds.length - 1] + 1)
  for (let value = 0; value < table.length; value++) {
    table[value] = thresholds.filter((threshold) => threshold <= value).length
  }
  return table
}

export const classOf = (table: Uint8Array, value: number): number =>
  table[value < table.length ? value : table.length - 1]

export const clampTo = (value: number, most: number): number => (value < 0 ? 0 : value > most ? most : value)
