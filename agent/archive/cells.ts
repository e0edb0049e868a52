/** The rows that stand in one page of an SQLite table or index, whatever has become of the pages around it. */

export type Value = number | string | Buffer | null
export interface Row {
  /** 0 in an index. */
  readonly rowid: number
  readonly values: readonly Value[]
}

export const PageKind = { tableLeaf: 0x0d, tableInterior: 0x05, indexLeaf: 0x0a, indexInterior: 0x02 } as const

/** No frame is larger; what says so is damaged. */
const MOST_BYTES = 16 * 2 ** 20

/** One for all: a damaged page has one for every few bytes, and nobody reads where it came from. */
const DAMAGED = new Error('damaged')

/** Page 1 begins with the file's header. */
const start = (number: number) => (number === 1 ? 100 : 0)
export const kindOf = (page: Buffer, number: number): number => page[start(number)]!

/**
 * @param overflow reads the pages that a long row goes on in
 * @returns a row, or undefined for each that cannot be read
 */
export function* rowsOf(
  page: Buffer,
  number: number,
  overflow: (number: number) => Buffer | undefined,
): Generator<Row | undefined> {
  const at = start(number)
  const kind = page[at]!
  const interior = kind === PageKind.indexInterior
  if (kind !== PageKind.tableLeaf && kind !== PageKind.indexLeaf && !interior) return
  const pointers = at + (interior ? 12 : 8)
  const cells = Math.min(page.readUInt16BE(at + 3), Math.floor((page.length - pointers) / 2))
  for (let cell = 0; cell < cells; cell++) {
    try {
      yield row(page, page.readUInt16BE(pointers + cell * 2), kind, overflow)
    } catch (error) {
      if (error !== DAMAGED && !(error instanceof RangeError)) throw error
      yield undefined
    }
  }
}

/** Children of an interior table page, each with the greatest rowid in it, Infinity for the last; undefined if it is damaged. */
export function childrenOf(page: Buffer, number: number): { page: number; upTo: number }[] | undefined {
  const at = start(number)
  try {
    const children = Array.from({ length: page.readUInt16BE(at + 3) }, (_, cell) => {
      const offset = page.readUInt16BE(at + 12 + cell * 2)
      return { page: page.readUInt32BE(offset), upTo: new Reader(page, offset + 4).varint() }
    })
    return [...children, { page: page.readUInt32BE(at + 8), upTo: Number.POSITIVE_INFINITY }]
  } catch (error) {
    if (error !== DAMAGED && !(error instanceof RangeError)) throw error
    return undefined
  }
}

function row(page: Buffer, offset: number, kind: number, overflow: (number: number) => Buffer | undefined): Row {
  const reader = new Reader(page, offset + (kind === PageKind.indexInterior ? 4 : 0))
  const length = reader.varint()
  if (length > MOST_BYTES) throw DAMAGED
  const table = kind === PageKind.tableLeaf
  const rowid = table ? reader.varint() : 0
  const usable = page.length
  const most = table ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
  if (length <= most) return { rowid, values: record(reader.take(length)) }
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (usable - 4))
  const pieces = [reader.take(fitting <= most ? fitting : least)]
  let next = reader.take(4).readUInt32BE(0)
  for (let left = length - pieces[0]!.length; left > 0; ) {
    const more = overflow(next)
    if (!more) throw DAMAGED
    const piece = more.subarray(4, 4 + Math.min(left, usable - 4))
    pieces.push(piece)
    left -= piece.length
    next = more.readUInt32BE(0)
  }
  return { rowid, values: record(Buffer.concat(pieces)) }
}

function record(payload: Buffer): Value[] {
  const header = new Reader(payload, 0)
  const length = header.varint()
  const body = new Reader(payload, length)
  const values: Value[] = []
  while (header.at < length) values.push(body.value(header.varint()))
  return values
}

/** Bytes of a serial type's integer. */
const INTEGER = [0, 1, 2, 3, 4, 6, 8]

class Reader {
  constructor(
    private readonly bytes: Buffer,
    public at: number,
  ) {}

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw DAMAGED
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  varint(): number {
    const first = this.bytes[this.at]
    if (first !== undefined && first < 0x80) {
      this.at++
      return first
    }
    let value = 0n
    for (let i = 0; i < 9; i++) {
      const byte = this.take(1)[0]!
      if (i === 8) return Number((value << 8n) | BigInt(byte))
      value = (value << 7n) | BigInt(byte & 0x7f)
      if (byte < 0x80) break
    }
    return Number(value)
  }

  value(type: number): Value {
    if (type === 0) return null
    if (type === 6) return Number(this.take(8).readBigInt64BE(0))
    if (type < 6) return this.take(INTEGER[type]!).readIntBE(0, INTEGER[type]!)
    if (type === 7) return this.take(8).readDoubleBE(0)
    if (type === 8 || type === 9) return type - 8
    if (type < 12) throw DAMAGED
    const bytes = this.take((type - (type % 2 ? 13 : 12)) / 2)
    return type % 2 ? bytes.toString('utf8') : bytes
  }
}
