/** The word that was probably meant. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const plain = word.toLowerCase().replaceAll(/[_-]/g, '').slice(0, 64)
  const scored = candidates.map((c) => ({ c, d: distance(plain, c.toLowerCase().replaceAll('_', '')) }))
  scored.sort((a, b) => a.d - b.d)
  return scored[0] && scored[0].d <= Math.max(2, plain.length / 3) ? scored[0].c : undefined
}

/** Letters to be changed, added, taken out, or exchanged with the next. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(exchanged ? Math.min(changed, before[j - 2]! + 1) : changed)
    }
    before = row
    row = next
  }
  return row[b.length]!
}
