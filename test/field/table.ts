/** The rows that the run ends with, for a terminal and as JSON. */
import type { Outcome, Scenario } from './scenario.js'

export interface Row extends Omit<Outcome, 'ok'> {
  readonly id: string
  readonly fault: string
  readonly seconds: number
  readonly result: 'ok' | 'FAILED' | 'not run'
}

export function rowOf(scenario: Scenario, result: Row['result'], seconds: number, outcome: Omit<Outcome, 'ok'>): Row {
  const { id, fault } = scenario
  return { id, fault, ...outcome, seconds: Number(seconds.toFixed(1)), result }
}

const WIDTHS = { id: 34, fault: 62, said: 74 }

export function print(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    wrap(row.id, WIDTHS.id),
    wrap(row.fault, WIDTHS.fault),
    wrap(row.note ? `${row.said} (${row.note})` : row.said, WIDTHS.said),
    [row.recoveryMs === null ? '-' : `${(row.recoveryMs / 1000).toFixed(1)} s`],
    [row.result === 'not run' ? '-' : String(row.lost)],
    [row.result],
  ])
  const head = [['fault'], ['what was done'], ['what the box said'], ['recovery'], ['lost'], ['']]
  const widths = [WIDTHS.id, WIDTHS.fault, WIDTHS.said, 8, 5, 7]
  return [head, ...cells].map((row) => lines(row, widths)).join('\n')
}

function lines(cells: readonly string[][], widths: readonly number[]): string {
  const height = Math.max(...cells.map((cell) => cell.length))
  return Array.from({ length: height }, (_, i) =>
    cells
      .map((cell, column) => (cell[i] ?? '').padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  ).join('\n')
}

function wrap(text: string, width: number): string[] {
  const out: string[] = ['']
  for (const word of text.replaceAll(/\s+/g, ' ').split(' ')) {
    const line = out.at(-1)!
    if (line && line.length + 1 + word.length > width) out.push(word.slice(0, 2 * width))
    else out[out.length - 1] = line ? `${line} ${word}` : word.slice(0, 2 * width)
  }
  return out
}
