/**
 * The pages of an SQLite database that SQLite cannot, or should not, open: each is read where it lies, and where the journal
 * (-wal) has a later version of it that was committed, that one. https://www.sqlite.org/fileformat2.html
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

const MAGIC = 'SQLite format 3\0'
/** What every archive is made with; used where the header cannot be read. */
const PAGE_BYTES = 4096
const WAL_HEADER = 32
const WAL_FRAME = 24
/** Pages read from the disk at once. */
const RUN = 64

export class Pages {
  readonly size: number
  readonly count: number
  private readonly journal: Map<number, Buffer>
  private run: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) }

  private constructor(
    private readonly fd: number,
    path: string,
  ) {
    const head = Buffer.alloc(100)
    let unread: unknown
    try {
      readSync(fd, head, 0, 100, 0)
    } catch (error) {
      unread = error
    }
    const wal = existsSync(`${path}-wal`) ? beginningOf(`${path}-wal`) : Buffer.alloc(0)
    this.size = sizeIn(head) ?? walPageSize(wal) ?? PAGE_BYTES
    this.journal = committedPages(wal, this.size)
    this.count = Math.max(Math.floor(fstatSync(fd).size / this.size), 0, ...this.journal.keys())
    // A bad sector at the beginning costs what stands there. A disk that does not give back the end either is away.
    if (unread && !this.get(this.count, 1)) throw unread
  }

  /** @throws the system's error */
  static open(path: string): Pages {
    const fd = openSync(path, 'r')
    try {
      return new Pages(fd, path)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Counted from 1. undefined: not there, or the disk does not give it back. */
  read(page: number): Buffer | undefined {
    const later = this.journal.get(page)
    if (later) return later
    const { from, bytes } = this.run
    if (page < from || (page - from + 1) * this.size > bytes.length) this.load(page)
    const at = (page - this.run.from) * this.size
    return at >= 0 && at + this.size <= this.run.bytes.length ? this.run.bytes.subarray(at, at + this.size) : undefined
  }

  /** As `read`, for a page out of the order in which all are read. */
  readApart(page: number): Buffer | undefined {
    const later = this.journal.get(page)
    if (later) return later
    return page >= 1 && page <= this.count ? this.get(page, 1) : undefined
  }

  /** Pages that are not in use: what stands in them was deleted. None where the chain of them is damaged. */
  free(): Set<number> {
    const free = new Set<number>()
    const head = this.readApart(1)
    let trunk = head && head.toString('latin1', 0, 16) === MAGIC ? head.readUInt32BE(32) : 0
    while (trunk > 0 && trunk <= this.count && !free.has(trunk)) {
      free.add(trunk)
      const page = this.readApart(trunk)
      if (!page) break
      const leaves = Math.min(page.readUInt32BE(4), this.size / 4 - 2)
      for (let leaf = 0; leaf < leaves; leaf++) free.add(page.readUInt32BE(8 + leaf * 4))
      trunk = page.readUInt32BE(0)
    }
    return free
  }

  close(): void {
    closeSync(this.fd)
  }

  /** One bad sector must not take its neighbours with it. */
  private load(page: number): void {
    this.run = { from: page, bytes: this.get(page, RUN) ?? this.get(page, 1) ?? Buffer.alloc(0) }
  }

  private get(page: number, pages: number): Buffer | undefined {
    const bytes = Buffer.alloc(pages * this.size)
    try {
      const length = readSync(this.fd, bytes, 0, bytes.length, (page - 1) * this.size)
      return length >= this.size ? bytes.subarray(0, length) : undefined
    } catch {
      return undefined
    }
  }
}

/** All of a file, or what comes before a bad sector: nothing behind it counts in a journal. */
function beginningOf(path: string): Buffer {
  const fd = openSync(path, 'r')
  const pieces: Buffer[] = []
  try {
    for (;;) {
      const piece = Buffer.alloc(65536)
      const length = readSync(fd, piece)
      if (length === 0) break
      pieces.push(piece.subarray(0, length))
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'EIO') throw error
  } finally {
    closeSync(fd)
  }
  return Buffer.concat(pieces)
}

const isSize = (size: number) => size >= 512 && size <= 65536 && (size & (size - 1)) === 0

function sizeIn(head: Buffer): number | undefined {
  if (head.toString('latin1', 0, 16) !== MAGIC) return undefined
  const size = head.readUInt16BE(16)
  return size === 1 ? 65536 : isSize(size) ? size : undefined
}

function walPageSize(wal: Buffer): number | undefined {
  if (wal.length < WAL_HEADER || wal.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1) return undefined
  const size = wal.readUInt32BE(8)
  return isSize(size) ? size : undefined
}

/** The last committed version of each page: frames of this journal's salt, as long as the running checksum holds. */
function committedPages(wal: Buffer, pageSize: number): Map<number, Buffer> {
  const committed = new Map<number, Buffer>()
  if (walPageSize(wal) !== pageSize) return committed
  const bigEndian = (wal.readUInt32BE(0) & 1) === 1
  const salt = wal.subarray(16, 24)
  let sum = checksum(wal.subarray(0, 24), bigEndian, [0, 0])
  let pending: [number, Buffer][] = []
  for (let at = WAL_HEADER; at + WAL_FRAME + pageSize <= wal.length; at += WAL_FRAME + pageSize) {
    const page = wal.subarray(at + WAL_FRAME, at + WAL_FRAME + pageSize)
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break
    sum = checksum(page, bigEndian, checksum(wal.subarray(at, at + 8), bigEndian, sum))
    if (sum[0] !== wal.readUInt32BE(at + 16) || sum[1] !== wal.readUInt32BE(at + 20)) break
    pending.push([wal.readUInt32BE(at), page])
    if (wal.readUInt32BE(at + 4) === 0) continue
    for (const [number, bytes] of pending) committed.set(number, bytes)
    pending = []
  }
  return committed
}

function checksum(bytes: Buffer, bigEndian: boolean, [a, b]: readonly [number, number]): [number, number] {
  let x = a
  let y = b
  for (let at = 0; at < bytes.length; at += 8) {
    x = (x + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + y) >>> 0
    y = (y + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + x) >>> 0
  }
  return [x, y]
}
