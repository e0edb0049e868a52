/** What every verb's action does around its work: exit code, the one line of a failure, signals, a closed pipe. */
import { isoExpected, isoMs } from '../../contract/time.js'
import { asFailure, exitCodes, Failure, failureLine } from '../failure.js'

export const printOut = (line: string): void => void process.stdout.write(`${line}\n`)
export const printError = (line: string): void => void process.stderr.write(`${line}\n`)

export function report(error: unknown): number {
  const failure = asFailure(error)
  printError(failureLine(failure))
  return exitCodes[failure.code]
}

/** Runs `work` and sets the exit code that it returns or fails with. Ctrl-C ends it where it is: files are written whole. */
export async function runVerb(work: () => Promise<number>): Promise<void> {
  process.stdout.on('error', closedPipe)
  try {
    process.exitCode = await work()
  } catch (error) {
    process.exitCode = report(error)
  } finally {
    process.stdout.removeListener('error', closedPipe)
  }
}

/** What is left of it (a connection that is being made) must not keep a verb that was told to end. */
const LINGER_MS = 500

/** As runVerb, for what has something to say or to put away at its end: Ctrl-C gives it a signal, a second one ends the process. */
export async function runUntilStopped(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interrupt = new AbortController()
  const unheard = () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, stop)
  }
  const stop = () => {
    unheard()
    interrupt.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop)
  await runVerb(() => work(interrupt.signal)).finally(unheard)
  if (interrupt.signal.aborted) setTimeout(() => process.exit(), LINGER_MS).unref()
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

/** Of seconds, more would overflow a timer, which then ends at once. */
const mostSeconds = 1e6

/** @throws {Failure} usage */
export function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value > 0 && value <= mostSeconds) return value
  throw new Failure('usage', `no number, ${flag} ${text}, expected a number above 0, up to ${mostSeconds}`)
}

/** UTC with Z, from any ISO 8601 time; one without offset is local, a date alone UTC. @throws {Failure} usage */
export function isoTime(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const local = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?$/.test(text)
    ? Date.parse(text.replace(',', '.'))
    : Number.NaN
  const time = isoMs(text) ?? local
  if (!Number.isNaN(time)) return new Date(time).toISOString()
  throw new Failure('usage', `no time, ${flag} ${text}, ${isoExpected}; without an offset it is local time`)
}
