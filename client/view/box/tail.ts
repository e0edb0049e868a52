/** Of each camera the segment that is being written: whoever begins to look gets it whole, so that there is a picture at once. */
import { type FrameRecord, readRecord } from '../../../codec/index.js'

/** Of one camera: longer segments are not kept, their viewers begin at the next keyframe. */
const MOST_BYTES = 2_000_000

interface Tail {
  records: Uint8Array[]
  bytes: number
  last: Pick<FrameRecord, 'crc' | 'position' | 'boot'>
}

export class Tails {
  private readonly tails = new Map<string, Tail>()

  /** @returns whether it can be decoded with what came before. @throws {CodecError} */
  add(camera: string, bytes: Uint8Array): boolean {
    const record = readRecord(bytes)
    const { crc, position, boot } = record
    if (record.kind === 'key') {
      this.tails.set(camera, { records: [bytes], bytes: bytes.length, last: { crc, position, boot } })
      return true
    }
    const tail = this.tails.get(camera)
    if (!tail) return false
    // A broker may deliver a message twice.
    if (boot === tail.last.boot && position <= tail.last.position) return true
    if (record.chain !== tail.last.crc || tail.bytes + bytes.length > MOST_BYTES) {
      this.tails.delete(camera)
      return false
    }
    tail.records.push(bytes)
    tail.bytes += bytes.length
    tail.last = { crc, position, boot }
    return true
  }

  /** The segment so far, as one file; undefined: wait for a keyframe. */
  get(camera: string): Uint8Array | undefined {
    const tail = this.tails.get(camera)
    return tail && Buffer.concat(tail.records)
  }
}
