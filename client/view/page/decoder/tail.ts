/** A live camera's records that wait for the decoder. Never a queue: with a keyframe all before it is let go. */
import { type FrameRecord, readArchive, readRecord } from '../../../../codec/index.js'

/** Minutes of one camera. */
const MOST_WAITING = 2000

export class Waiting {
  private records: FrameRecord[] = []

  /** One record, or a segment's beginning. @throws {CodecError} */
  add(bytes: Uint8Array): void {
    for (const record of recordsOf(bytes)) {
      if (record.kind === 'key' || this.records.length >= MOST_WAITING) this.records = []
      this.records.push(record)
    }
  }

  get isEmpty(): boolean {
    return this.records.length === 0
  }

  take(): FrameRecord[] {
    const { records } = this
    this.records = []
    return records
  }
}

function recordsOf(bytes: Uint8Array): FrameRecord[] {
  const records: FrameRecord[] = []
  for (const piece of readArchive(bytes)) {
    // A predicted record alone follows nothing that is in these bytes.
    if (piece.kind === 'damage') return [readRecord(bytes)]
    if (piece.kind !== 'index') records.push(piece)
  }
  return records
}
