/**
 * The latent with a border, and what is remembered of earlier frames, all by [channel][row][column] of the bordered plane.
 *
 * Two symbols of border on every side let every context read its neighbours without asking where it is.
 */

export const BORDER = 2

/** A symbol counts as settled when the segment begins. */
const SETTLED = 8

export class Planes {
  /** Columns of a bordered row, symbols of a bordered plane. */
  readonly stride: number
  readonly size: number
  /** This frame as far as it is known, and the frame before. */
  readonly now: Uint8Array
  readonly before: Uint8Array
  /** Coded frames since the symbol last changed (held at 255), and what it was before that. */
  readonly age: Uint8Array
  readonly other: Uint8Array
  /** Running mean of the symbol in 1/64: shows how near it lies to the next level. */
  readonly mean: Int16Array
  /** One plane each: how many channels changed here, in this frame so far and in the frame before. */
  readonly changes: Uint8Array
  readonly changesBefore: Uint8Array
  /** Whether any channel changes here in this frame, and in the frame before. */
  readonly touched: Uint8Array
  readonly touchedBefore: Uint8Array
  /** One plane: differences between neighbours, summed over the source channels that are there, and how many those are. */
  readonly roughness: Int32Array
  rough = 0

  constructor(
    readonly channels: number,
    readonly height: number,
    readonly width: number,
  ) {
    this.stride = width + 2 * BORDER
    this.size = this.stride * (height + 2 * BORDER)
    const all = channels * this.size
    this.now = new Uint8Array(all)
    this.before = new Uint8Array(all)
    this.age = new Uint8Array(all)
    this.other = new Uint8Array(all)
    this.mean = new Int16Array(all)
    this.changes = new Uint8Array(this.size)
    this.changesBefore = new Uint8Array(this.size)
    this.roughness = new Int32Array(this.size)
    this.touched = new Uint8Array(this.size)
    this.touchedBefore = new Uint8Array(this.size)
  }

  /** Index of the first symbol of a row. */
  row(channel: number, y: number): number {
    return channel * this.size + (y + BORDER) * this.stride + BORDER
  }

  /** The frame before becomes this frame's first guess, border and all. */
  startPredicted(): void {
    this.before.set(this.now)
    this.changesBefore.set(this.changes)
    this.changes.fill(0)
    this.touchedBefore.set(this.touched)
    this.touched.fill(0)
  }

  startKey(): void {
    this.roughness.fill(0)
    this.rough = 0
  }

  /** A source channel's plane is there, border and all. */
  addRoughness(channel: number): void {
    const { now, stride, size, roughness, height, width } = this
    for (let y = 0; y < height; y++) {
      const row = this.row(channel, y)
      for (let at = row; at < row + width; at++) {
        const v = now[at]
        roughness[at - channel * size] +=
          Math.abs(v - now[at + 1]) +
          Math.abs(v - now[at - 1]) +
          Math.abs(v - now[at + stride]) +
          Math.abs(v - now[at - stride])
      }
    }
    this.rough++
  }

  /** Every symbol of the key frame is known: nothing has changed yet. */
  endKey(): void {
    const { now, mean } = this
    this.age.fill(SETTLED)
    this.other.set(now)
    for (let i = 0; i < now.length; i++) mean[i] = now[i] << 6
    this.changes.fill(0)
    this.touched.fill(0)
  }

  /** The symbol of a predicted frame: into the plane and into memory. */
  put(at: number, channel: number, symbol: number): void {
    const before = this.before[at]
    this.now[at] = symbol
    if (symbol !== before) {
      this.other[at] = before
      this.age[at] = 0
      this.changes[at - channel * this.size]++
    } else if (this.age[at] < 255) this.age[at]++
    this.mean[at] += ((symbol << 6) - this.mean[at]) >> 2
  }

  /** A plane without its border into `symbols`, from `first` on. */
  read(channel: number, symbols: Uint8Array, first: number): void {
    for (let y = 0; y < this.height; y++) {
      const row = this.row(channel, y)
      symbols.set(this.now.subarray(row, row + this.width), first + y * this.width)
    }
  }

  /** A finished plane's border repeats its edge. */
  closePlane(channel: number): void {
    const { now, stride, height, width } = this
    for (let y = 0; y < height; y++) {
      const first = this.row(channel, y)
      const last = first + width - 1
      now[first - 2] = now[first - 1] = now[first]
      now[last + 2] = now[last + 1] = now[last]
    }
    const top = this.row(channel, 0) - BORDER
    const bottom = top + (height - 1) * stride
    for (let i = 1; i <= BORDER; i++) {
      now.copyWithin(top - i * stride, top, top + stride)
      now.copyWithin(bottom + i * stride, bottom, bottom + stride)
    }
  }
}
