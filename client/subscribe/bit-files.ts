/** Live bitstreams into files, one a segment: a keyframe begins one, what is predicted from it is appended. */
import { appendFileSync } from 'node:fs'
import { type FrameRecord, readRecord } from '../../codec/index.js'
import { Failure } from '../failure.js'
import { bitstreamFile, writeWhole } from '../files.js'
import type { ResultKey } from './ledger.js'

interface Open {
  readonly file: string
  readonly last: FrameRecord
}

export class BitFiles {
  /** By device, camera and whether it is history: the two come interleaved. */
  private readonly open = new Map<string, Open>()

  constructor(private readonly dir: string) {}

  /**
   * False when the frame is of no use: the one before it is not there, so a keyframe is needed.
   * A file that is cut in the middle of an append can be read up to the cut.
   * @throws {Failure} other (disk)
   */
  keep({ dev, cam, boot, seq }: ResultKey, hist: boolean, bytes: Uint8Array): boolean {
    const name = `${dev}/${cam}/${hist}`
    const record = readRecord(bytes)
    if (record.kind === 'key') {
      const file = bitstreamFile(this.dir, { camera: cam, boot, seq })
      writeWhole(file, bytes)
      this.open.set(name, { file, last: record })
      return true
    }
    const open = this.open.get(name)
    if (!open || record.chain !== open.last.crc || record.seq !== open.last.seq + 1) {
      this.open.delete(name)
      return false
    }
    try {
      appendFileSync(open.file, bytes)
    } catch (cause) {
      throw new Failure('other', `cannot write, ${open.file}: ${(cause as Error).message}`, { cause })
    }
    this.open.set(name, { file: open.file, last: record })
    return true
  }
}
