/** A fault that the field brings, done to the real box, and what came of it. One row of the table that `npm run test:field` prints. */
import type { Kit } from './kit.js'

export interface Scenario {
  /** '<area>/<fault>', for example 'clock/ahead-60-days'; the area is the file's name. */
  readonly id: string
  /** What is done, one line. */
  readonly fault: string
  /** Also in the short form, which test:long runs. */
  readonly short: boolean
  /** In the long form nothing else runs meanwhile: it measures, or needs both cores. */
  readonly alone?: boolean
  /** About how long it takes, for the time left (default 20); in the long form, if that is another. */
  readonly seconds?: number
  readonly longSeconds?: number
  /** After this long it has failed, whatever it waits for (default 600). */
  readonly limitSeconds?: number
  run(kit: Kit): Promise<Outcome>
}

export interface Outcome {
  /** What the box said: a log line, a state, a health figure. */
  readonly said: string
  /** From the end of the fault to normal service; null where there is nothing to recover from. */
  readonly recoveryMs: number | null
  /** Frames or messages lost: 0 wherever the contract does not allow more. */
  readonly lost: number
  readonly ok: boolean
  readonly note?: string
}

/** What this machine lacks for a scenario. It is reported as not run, never as ok. */
export class NotRun extends Error {
  override readonly name = 'NotRun'
}
