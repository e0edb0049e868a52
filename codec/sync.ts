/**
 * Where reading can begin: an index block whose fixed part passes its CRC, or a key record whose header passes its CRC.
 * Predicted records are no such points. 64 bits of magic and CRC keep chance out.
 */
import { readHeaderAt } from './container.js'
import { CodecError } from './errors.js'
import { RECORD_MAGIC, readHeader, startsWith } from './record.js'
import { isIndexHead } from './segment.js'

export const isSync = (bytes: Uint8Array, offset: number): boolean =>
  isIndexHead(bytes, offset) || isKeyHeader(bytes, offset)

export function isKeyHeader(bytes: Uint8Array, offset: number): boolean {
  if (!startsWith(bytes, offset, RECORD_MAGIC)) return false
  try {
    return bytes[offset + 4] === 1 ? readHeaderAt(bytes, offset).length > 0 : readHeader(bytes, offset).kind === 'key'
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}

/** The first such point at or after `from`, or -1. */
export function nextSync(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(RECORD_MAGIC[0], from); at >= 0; at = bytes.indexOf(RECORD_MAGIC[0], at + 1)) {
    if (isSync(bytes, at)) return at
  }
  return -1
}
