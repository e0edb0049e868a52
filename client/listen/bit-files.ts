/**
 * Bitstreams into files, one a segment: a keyframe begins one, what is predicted from it is appended.
 *
 * After an outage a segment's first frames come as history while its last ones come live, and a broker may deliver a message
 * twice. So a record is placed by what it says of itself, and one that comes before its time waits for those before it.
 */
import { appendFileSync, existsSync, statSync, truncateSync } from 'node:fs'
import { type FrameRecord, MAX_SEGMENT, readArchive, readRecord } from '../../codec/index.js'
import { bitstreamFile, readInput, writeWhole } from '../bitstreams/files.js'
import { Failure } from '../failure.js'
import type { ResultKey } from './ledger.js'

/** The end of a file: position of its last record in the segment, and the CRC that the next one names. */
type End = Pick<FrameRecord, 'position' | 'crc'> & {
  /** Of the file: another length means that somebody else has written it, and that it is to be read again. */
  readonly bytes: number
}

/** Records that wait: some minutes of one camera. The segment that has waited longest is given up first. */
const MOST_WAITING = 4096
/** Ends that are known without reading the file again. */
const MOST_OPEN = 4096

export class BitFiles {
  private readonly ends = new Map<string, End>()
  /** By file and position in the segment. */
  private readonly waiting = new Map<string, Map<number, Uint8Array>>()
  private waitingRecords = 0
  private givenUp = 0

  constructor(private readonly dir: string) {}

  /** Records that are in no file: the one before them has not come. */
  get unplaced(): number {
    return this.waitingRecords + this.givenUp
  }

  /**
   * @returns how many records have found their place now, with those that waited for this one; 0: it waits itself.
   * A file that is cut in the middle of an append can be read up to the cut, and goes on from there.
   * @throws {Failure} input, other (disk)
   */
  keep({ cam, boot, seq }: ResultKey, bytes: Uint8Array): number {
    const record = readRecord(bytes)
    const file = bitstreamFile(this.dir, { camera: cam, boot, seq: seq - record.position })
    if (record.kind === 'key') {
      const there = endOf(file, record)
      if (!there) writeWhole(file, bytes)
      this.remember(file, there ?? { ...record, bytes: bytes.length })
      return 1 + this.append(file)
    }
    const known = this.ends.get(file)
    const end = known && known.bytes === sizeOf(file) ? known : endOf(file)
    if (end) this.remember(file, end)
    else this.ends.delete(file)
    if (end && record.position <= end.position) return 1
    this.wait(file, record.position, bytes)
    return this.append(file)
  }

  /** What waits and follows. */
  private append(file: string): number {
    const waiting = this.waiting.get(file)
    let end = this.ends.get(file)
    if (!waiting || !end) return 0
    const next: Uint8Array[] = []
    for (;;) {
      const bytes = waiting.get(end.position + 1)
      const record = bytes && readRecord(bytes)
      if (!bytes || record?.chain !== end.crc) break
      waiting.delete(record.position)
      next.push(bytes)
      end = { ...record, bytes: end.bytes + bytes.length }
    }
    this.waitingRecords -= next.length
    // What is in the file already, and what was predicted from another record than the one that is there, waits for nothing.
    for (const position of waiting.keys()) {
      if (position > end.position + 1) continue
      waiting.delete(position)
      this.waitingRecords--
      if (position > end.position) this.givenUp++
    }
    if (waiting.size === 0) this.waiting.delete(file)
    try {
      appendFileSync(file, Buffer.concat(next))
    } catch (cause) {
      throw new Failure('other', `cannot write, ${file}: ${(cause as Error).message}`, { cause })
    }
    this.remember(file, end)
    return next.length
  }

  private wait(file: string, position: number, bytes: Uint8Array): void {
    const waiting = this.waiting.get(file) ?? new Map<number, Uint8Array>()
    this.waiting.set(file, waiting)
    if (!waiting.has(position)) this.waitingRecords++
    waiting.set(position, bytes)
    while (this.waitingRecords > MOST_WAITING) {
      const [oldest, records] = this.waiting.entries().next().value!
      this.waiting.delete(oldest)
      this.waitingRecords -= records.size
      this.givenUp += records.size
    }
  }

  private remember(file: string, { position, crc, bytes }: End): void {
    this.ends.delete(file)
    this.ends.set(file, { position, crc, bytes })
    if (this.ends.size > MOST_OPEN) this.ends.delete(this.ends.keys().next().value!)
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? -1

/**
 * The last record of a file that begins with `key`, or with any keyframe; undefined: there is no such file. An append that was
 * not finished is cut off; where more segments lie behind, the file is somebody's own and nothing can be added to it.
 */
function endOf(file: string, key?: FrameRecord): End | undefined {
  if (!existsSync(file)) return undefined
  const bytes = readInput(file)
  let end: FrameRecord | undefined
  for (const piece of readArchive(bytes)) {
    if (piece.kind === 'index') continue
    if (piece.kind === 'damage') continue
    if (piece.kind === 'key' && end) return { position: MAX_SEGMENT, crc: 0, bytes: bytes.length }
    if (!end && key && piece.crc !== key.crc) return undefined
    end = piece
  }
  if (!end) return undefined
  const sound = end.offset + end.length
  if (sound < bytes.length) truncateSync(file, sound)
  return { position: end.position, crc: end.crc, bytes: sound }
}
