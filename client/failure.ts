/** How a client verb ends badly: one line on stderr and one of these exit codes. */
import { BundleError } from '../contract/bundle-error.js'

export const exitCodes = {
  other: 1,
  usage: 2,
  input: 3,
  broker: 4,
  answer: 5,
  gaps: 6,
} as const
export type FailureCode = keyof typeof exitCodes

/** For --help: the exit codes a verb can end with. */
export const exitCodesHelp = `
Exit codes: 0 done, 1 other failure, 2 usage, 3 bad input file or bundle, 4 broker unreachable or refused,
5 timed out or the box answered with an error, 6 results are missing (subscribe --count, verify)`

/** The message reads 'what, where, what to do' on one line. */
export class Failure extends Error {
  override readonly name = 'Failure'
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A failure of any layer as a Failure, its message on one line. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof BundleError ? 'input' : 'other'
  return new Failure(code, message, { cause: error })
}

/** 'blindsight: …' on one line: a peer's text must not break the line or drive the terminal. */
export const failureLine = (failure: Failure): string => `blindsight: ${printable(failure.message)}`

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const control = /[\u0000-\u001f\u007f-\u009f]+/g

/** Text from a file or the network without control characters. */
export const printable = (text: string): string => text.replace(control, ' ').trim()
