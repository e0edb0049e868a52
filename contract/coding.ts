/** What codec/ needs of a bundle: tables, context model and their names in the bitstream. */
import { type Coding, readContextModel } from '../codec/index.js'
import type { Bundle } from './bundle.js'
import { shortHash } from './hex.js'

/** @throws {CodecError} context: the bundle's file is not one that this release reads */
export function codingOf({ entropy, context }: Pick<Bundle, 'entropy' | 'context'>): Coding {
  const tables = { tables: entropy, tablesHash: shortHash(entropy.sha256) }
  if (!context) return tables
  return { ...tables, model: readContextModel(context.bytes), contextHash: shortHash(context.sha256) }
}
