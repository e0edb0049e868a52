/**
 * Which bundle `bundle use` has chosen, the one before it, and whether it has shown yet that it runs: <stateDir>/bundles/choice.json.
 * It counts where the configuration names no bundle.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBundle } from '../../contract/bundle.js'
import { typed } from '../../contract/command-line.js'
import { addedDir, bundleDir, DEFAULT_BUNDLE } from '../bundles.js'
import { z } from '../config/kinds.js'
import { messageOf } from '../errors.js'
import { makeFolder } from '../owner.js'
import { replaceWhole } from '../whole.js'

const Fell = z.object({ id: z.string(), to: z.string(), why: z.string(), at: z.string() })
/** What did not run, what came back in its place, and why. */
export type Fell = z.infer<typeof Fell>

const Choice = z.object({
  use: z.string().optional(),
  before: z.string().optional(),
  /** waiting: it has not been started yet. running: it was, and no frame has come out yet. absent: it has shown that it runs. */
  trial: z.enum(['waiting', 'running']).optional(),
  fell: Fell.optional(),
})
export type Choice = z.infer<typeof Choice>

const fileOf = (stateDir: string) => join(addedDir(stateDir), 'choice.json')

/** One that cannot be read leaves the box with the package's own bundle. */
export function readChoice(stateDir: string): Choice {
  const file = fileOf(stateDir)
  try {
    return Choice.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    const why = `${file}: ${code ? messageOf(error) : 'damaged'}; choose again: ${typed('bundle use ID')}`
    return { fell: { id: 'the chosen bundle', to: DEFAULT_BUNDLE, why, at: new Date(0).toISOString() } }
  }
}

export function writeChoice(stateDir: string, choice: Choice): void {
  makeFolder(addedDir(stateDir))
  replaceWhole(fileOf(stateDir), `${JSON.stringify({ v: 1, ...choice })}\n`)
}

/** What the next start uses where the configuration names none. */
export const chosen = (stateDir: string): string => readChoice(stateDir).use ?? DEFAULT_BUNDLE

/** For the next start; the one so far is remembered. */
export function choose(stateDir: string, id: string): void {
  const { use = DEFAULT_BUNDLE, before, trial } = readChoice(stateDir)
  // What never ran is nothing to go back to.
  const back = trial === undefined ? use : (before ?? DEFAULT_BUNDLE)
  if (id === use) writeChoice(stateDir, { use, ...(before && { before }), ...(trial && { trial }) })
  else writeChoice(stateDir, back === id ? { use: id } : { use: id, before: back, trial: 'waiting' })
}

/** Whether the bundle in this folder may run. */
export type May = (dir: string) => boolean

/** The one before, else the package's. @returns undefined: there is nothing to go back to */
export function wayBack(stateDir: string, may: May = () => true): string | undefined {
  const { use = DEFAULT_BUNDLE, before } = readChoice(stateDir)
  return [before, DEFAULT_BUNDLE].find((id) => id !== undefined && id !== use && opens(bundleDir(id, stateDir), may))
}

/** @returns undefined: there is nothing to go back to */
export function goBack(stateDir: string, why: string, may?: May): Fell | undefined {
  const to = wayBack(stateDir, may)
  if (to === undefined) return undefined
  const { use = DEFAULT_BUNDLE } = readChoice(stateDir)
  const fell = { id: use, to, why, at: new Date().toISOString() }
  writeChoice(stateDir, { use: to, fell })
  return fell
}

function opens(dir: string, may: May): boolean {
  try {
    openBundle(dir)
    return may(dir)
  } catch {
    return false
  }
}
