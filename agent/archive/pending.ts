/**
 * Which frames of a damaged database nobody has published yet. Where a page of the outbox is damaged itself, the frames
 * that it may have named count as unpublished: a message twice is better than none.
 */
import { ALL_PARTS } from '../outbox.js'
import { childrenOf, kindOf, PageKind, type Row, rowsOf } from './cells.js'

/** Rows of the outbox on a page, at most. */
const ROWS_ON_PAGE = 256

export class PendingFrames {
  private readonly known = new Map<number, number>()
  private readonly doubtful: { above: number; upTo: number }[] = []
  private root: number | undefined
  private newestId = 0

  get size(): number {
    return this.known.size + this.doubtful.length
  }

  add(id: number, parts: number): void {
    this.known.set(id, parts)
  }

  parts(id: number): number | undefined {
    return (
      this.known.get(id) ?? (this.doubtful.some(({ above, upTo }) => id > above && id <= upTo) ? ALL_PARTS : undefined)
    )
  }

  /** Of any frame: ids grow. */
  newest(id: number): void {
    this.newestId = Math.max(this.newestId, id)
  }

  /** Page 1 says where the outbox begins. */
  see(page: Buffer, number: number): void {
    if (number !== 1) return
    for (const row of rowsOf(page, number, () => undefined))
      if (row?.values[0] === 'table' && row.values[1] === 'outbox') this.root = Number(row.values[3])
  }

  /** Once all pages have been seen. */
  complete(read: (page: number) => Buffer | undefined): void {
    if (this.root !== undefined) this.check(this.root, 0, Number.POSITIVE_INFINITY, read)
  }

  private check(
    page: number,
    above: number,
    upTo: number,
    read: (page: number) => Buffer | undefined,
    depth = 0,
  ): void {
    const bytes = read(page)
    const kind = bytes && kindOf(bytes, page)
    const children = bytes && kind === PageKind.tableInterior && depth < 8 ? childrenOf(bytes, page) : undefined
    if (children) {
      let from = above
      for (const child of children) {
        this.check(child.page, from, Math.min(child.upTo, upTo), read, depth + 1)
        from = child.upTo
      }
      return
    }
    const sound = bytes && kind === PageKind.tableLeaf && [...rowsOf(bytes, page, () => undefined)].every(isOutbox)
    if (sound) return
    const least = Number.isFinite(upTo) ? upTo - ROWS_ON_PAGE : this.newestId - ROWS_ON_PAGE
    this.doubtful.push({ above: Number.isFinite(upTo) && above > 0 ? above : Math.max(above, least), upTo })
  }
}

const isOutbox = (row: Row | undefined): boolean => row?.values.length === 4
