/** Asking again: a busy box after a pause, a silent one a few times. */
import { setTimeout as wait } from 'node:timers/promises'
import { Backoff } from '../../contract/backoff.js'
import type { ResponseCode } from '../../contract/messages.js'
import { Failure } from '../failure.js'
import { type Answer, BoxError, NoAnswer, type Requester, type Verb } from './requester.js'

/** With pauses of 0.2 s doubling to 5 s these are about 20 s of being told to wait. */
const mostBusy = 8
const mostSilent = 3

export interface Patience {
  readonly firstMs?: number
  /** Progress since the last attempt starts the counting anew. */
  readonly progressed?: () => boolean
}

/** @throws {Failure} answer: the box's refusal, or its silence, with `what` was asked */
export async function patiently(what: string, attempt: () => Promise<void>, patience: Patience = {}): Promise<void> {
  const backoff = new Backoff(patience.firstMs ?? 200, 5000)
  let busy = 0
  let silent = 0
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (patience.progressed?.()) {
        busy = 0
        silent = 0
        backoff.reset()
      }
      const mayRetry =
        (error instanceof BoxError && error.code === 'busy' && ++busy < mostBusy) ||
        (error instanceof NoAnswer && ++silent < mostSilent)
      if (!mayRetry) throw refusal(what, error)
    }
    await wait(backoff.next())
  }
}

/** The one answer to a question, asked patiently. @param what how the question is called in a failure @throws {Failure} answer */
export async function answerTo<V extends Verb>(
  requester: Requester,
  verb: V,
  body: object,
  what: string = verb,
): Promise<Answer<V>> {
  let found: Answer<V> | undefined
  await patiently(what, () =>
    requester.ask(verb, body, (answer) => {
      found = answer
      return true
    }),
  )
  return found!
}

/** A box's refusal behind a failure. */
export const codeOf = (error: unknown): ResponseCode | undefined => {
  const { cause } = error as Error
  return cause instanceof BoxError ? cause.code : undefined
}

/** From the beginning again, at most so often, where that mends what the box says. */
export async function begunAgain<T>(code: ResponseCode, most: number, attempt: () => Promise<T>): Promise<T> {
  for (let begun = 1; ; begun++) {
    try {
      return await attempt()
    } catch (error) {
      if (codeOf(error) !== code || begun === most) throw error
    }
  }
}

function refusal(what: string, error: unknown): unknown {
  if (error instanceof NoAnswer) {
    return new Failure('answer', `${error.message}, ${what}, check that the box is online and --device names it`, {
      cause: error,
    })
  }
  if (!(error instanceof BoxError)) return error
  const hint = {
    not_found: 'list what the archive has',
    evicted:
      'the archive was full or the frame too old; ask the box to `pin` what must stay (docs/background/what-is-kept.md)',
    damaged: "the box's disk has lost it; look at the disk, other segments are not concerned",
    changed: 'ask for it again',
    busy: 'try again later',
    too_large: 'ask for less at once',
    bad_request: 'check the flags; the box may be of another version',
    not_allowed: "its owner's configuration decides",
    refused: 'mend that and try again',
  }[error.code]
  return new Failure('answer', `the box answered ${error.code}, ${what}: ${error.message}; ${hint}`, { cause: error })
}
