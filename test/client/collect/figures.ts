import { Figures } from '../../../client/collect/figures.js'

/** Figures, what they have said, and one of them as a number. */
export function figuresOf() {
  const lines: string[] = []
  const figures = new Figures(
    (line) => lines.push(line),
    () => 3,
  )
  const value = async (name: string): Promise<number | undefined> => {
    const line = (await figures.metrics()).split('\n').find((one) => one.startsWith(`blindsight_collect_${name} `))
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  return { figures, lines, value }
}
