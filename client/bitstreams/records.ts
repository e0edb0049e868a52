/** The sound records of a file, each as its own bytes. */
import { type CodecError, readArchive } from '../../codec/index.js'

export interface FileRecord {
  readonly seq: number
  /** A view into the file, not a copy. */
  readonly bytes: Uint8Array
}

/** @param damaged what is told of a damaged piece, which is left out */
export function recordsOf(file: Uint8Array, damaged: (error: CodecError) => void = () => {}): FileRecord[] {
  const records: FileRecord[] = []
  for (const piece of readArchive(file)) {
    if (piece.kind === 'damage') damaged(piece.error)
    else if (piece.kind !== 'index')
      records.push({ seq: piece.seq, bytes: file.subarray(piece.offset, piece.offset + piece.length) })
  }
  return records
}
