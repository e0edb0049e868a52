/** Why a request is not done, as its answer says it. */
import type { ResponseCode } from '../contract/messages.js'

export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly code: ResponseCode,
    message: string,
  ) {
    super(message)
  }
}
