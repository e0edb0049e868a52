/** Bitstream files as a test reads them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameRecord, readArchive } from '../../codec/index.js'

/** Every record of the files in a folder, in order. */
export function recordsOf(dir: string): { seq: number; bytes: Uint8Array; record: FrameRecord }[] {
  const seqOf = (name: string) => Number(/(\d+)\.bsf$/.exec(name)![1])
  return readdirSync(dir)
    .sort((a, b) => seqOf(a) - seqOf(b))
    .flatMap((name) => {
      const file = readFileSync(join(dir, name))
      return [...readArchive(file)].flatMap((piece) => {
        if (piece.kind === 'damage') throw piece.error
        if (piece.kind === 'index') return []
        return [{ seq: piece.seq, bytes: file.subarray(piece.offset, piece.offset + piece.length), record: piece }]
      })
    })
}
