/** (e) What an archive costs by its size: the same questions to made-up ones of several sizes, one after the other. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BIT_BYTES, hours, make, needs } from './archive/made-up.js'
import { type Measured, measure } from './archive/measure.js'

/** A minute's list needs some minutes, and retention takes thousands away. */
const LEAST = 10_000

export interface ArchiveBench {
  readonly bitstream_bytes: number
  readonly sizes: readonly { readonly frames: number; readonly hours: number; readonly file_mb: number }[]
  /** By question, in the order of sizes. */
  readonly ms: Readonly<Record<string, readonly Measured[string][]>>
}

export function benchArchive(sizes: readonly number[], parent = tmpdir(), say = console.error): ArchiveBench {
  const wrong = sizes.find((frames) => !(Number.isInteger(frames) && frames >= LEAST))
  if (wrong !== undefined) throw new Error(`--rows ${wrong}: expected whole numbers from ${LEAST} on`)
  const all = sizes.map((frames) => {
    needs(frames, parent)
    const dir = mkdtempSync(join(parent, 'blindsight-bench-archive-'))
    try {
      say(`archive of ${frames} frames (${hours(frames).toFixed(1)} h of four cameras) in ${dir}`)
      make(dir, frames, say)
      const file_mb = Math.round(statSync(join(dir, 'archive.sqlite')).size / 1e6)
      return { size: { frames, hours: Number(hours(frames).toFixed(1)), file_mb }, measured: measure(dir, frames) }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
  const questions = Object.keys(all[0]!.measured)
  const ms = Object.fromEntries(questions.map((what) => [what, all.map(({ measured }) => measured[what]!)]))
  return { bitstream_bytes: BIT_BYTES, sizes: all.map(({ size }) => size), ms }
}

/** Sizes side by side, and how much longer the largest takes than the smallest. */
export function archiveRows({ sizes, ms }: ArchiveBench): [what: string, figures: string, note: string][] {
  const cells = (figures: readonly string[]) => figures.map((figure) => figure.padStart(18)).join('')
  return [
    ['(e) archive, ms: median / 99 of 100; frames:', cells(sizes.map(({ frames }) => frames.toLocaleString('en'))), ''],
    ...Object.entries(ms).map(([what, times]): [string, string, string] => [
      `    ${what}`,
      cells(times.map(({ p50, p99 }) => `${p50.toFixed(2)} / ${p99.toFixed(2)}`)),
      `x ${(times.at(-1)!.p50 / times[0]!.p50).toFixed(1)}`,
    ]),
  ]
}
