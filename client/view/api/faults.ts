/** A failure of any layer as a status and a sentence. No stack traces, no paths of what was not foreseen. */
import { BundleError } from '../../../contract/bundle-error.js'
import { Failure } from '../../failure.js'
import { BadQuery } from './query.js'
import { TooBusy } from './turns.js'

export interface Fault {
  readonly status: number
  readonly text: string
}

export function faultOf(error: unknown): Fault {
  if (error instanceof BadQuery) return { status: 400, text: error.message }
  if (error instanceof TooBusy) return { status: 503, text: error.message }
  if (error instanceof BundleError) return { status: 500, text: error.message }
  if (error instanceof Failure) return { status: statusOf(error), text: error.message }
  // What fastify says of a request that it could not read.
  const { statusCode = 500, message } = error as { statusCode?: number; message?: string }
  if (statusCode >= 400 && statusCode < 500) return { status: statusCode, text: message ?? 'the request is wrong' }
  return { status: 500, text: 'something went wrong in the viewing server: its log says what' }
}

function statusOf({ code, message }: Failure): number {
  if (code === 'usage') return 400
  if (code === 'input') return 404
  // What a box has no more, and a camera, class or zone that it does not know.
  if (code === 'answer') return /answered (not_found|evicted)|nothing here is named/.test(message) ? 404 : 504
  return code === 'broker' ? 504 : 500
}
