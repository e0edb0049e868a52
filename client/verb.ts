/** What every verb's action does around its work: exit code, the one line of a failure, signals, a closed pipe. */
import { asFailure, exitCodes, Failure, failureLine } from './failure.js'

export const printOut = (line: string): void => void process.stdout.write(`${line}\n`)
export const printError = (line: string): void => void process.stderr.write(`${line}\n`)

export function report(error: unknown): number {
  const failure = asFailure(error)
  printError(failureLine(failure))
  return exitCodes[failure.code]
}

/** Runs `work` with a signal for Ctrl-C, and sets the exit code that it returns or fails with. */
export async function runVerb(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interrupt = new AbortController()
  // Once: a second Ctrl-C ends the process the ordinary way.
  const stop = () => {
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
    interrupt.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.stdout.on('error', closedPipe)
  try {
    process.exitCode = await work(interrupt.signal)
  } catch (error) {
    process.exitCode = report(error)
  } finally {
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
    process.stdout.removeListener('error', closedPipe)
  }
}

/** `blindsight subscribe | head` ends quietly. */
function closedPipe(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? 0 : report(error))
}

/** A whole number of at least `least`. @throws {Failure} usage */
export function wholeNumber(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new Failure('usage', `no number, ${flag} ${text}, expected a whole number from ${least}`)
}

/** @throws {Failure} usage */
export function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Failure('usage', `no number, ${flag} ${text}, expected a number above 0`)
}

/** UTC with Z, from any ISO 8601 time. @throws {Failure} usage */
export function isoTime(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return new Date(time).toISOString()
  throw new Failure('usage', `no time, ${flag} ${text}, expected ISO 8601 like 2026-05-01T08:00:00Z`)
}
