/** Where a camera's archive has frames, asked with as few questions as it takes: the first frame from a time on leaps over what is empty. */

/** Time of the first frame at or after; undefined: none. */
export type First = (fromMs: number, toMs: number) => Promise<number | undefined>

/** 1 for each of the equal parts that has a frame. */
export async function covered(first: First, fromMs: number, toMs: number, parts: number): Promise<number[]> {
  const there = new Array<number>(parts).fill(0)
  const width = (toMs - fromMs) / parts
  for (let at = 0; at < parts; ) {
    const found = await first(fromMs + at * width, toMs)
    if (found === undefined) break
    const part = Math.min(parts - 1, Math.max(at, Math.floor((found - fromMs) / width)))
    there[part] = 1
    at = part + 1
  }
  return there
}
