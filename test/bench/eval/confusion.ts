/** Confusion matrix over labelled pixels: rows are the truth, columns what was found. */
export class Confusion {
  private readonly matrix: Float64Array

  constructor(private readonly classes: number) {
    this.matrix = new Float64Array(classes * classes)
  }

  /** `truth`: [height,width] with 255 for void; `found`: the same at 1/stride, each id standing for stride x stride pixels. */
  add(truth: Uint8Array, found: Uint8Array, width: number, stride: number): void {
    const columns = Math.floor(width / stride)
    for (let i = 0; i < truth.length; i++) {
      const wanted = truth[i]!
      if (wanted === 255) continue
      const got = found[Math.floor(Math.floor(i / width) / stride) * columns + Math.floor((i % width) / stride)]!
      this.matrix[wanted * this.classes + got]!++
    }
  }

  /** Intersection over union of each class; 0 where it neither is nor was found. */
  iou(): number[] {
    return Array.from({ length: this.classes }, (_, c) => {
      let union = -this.at(c, c)
      for (let k = 0; k < this.classes; k++) union += this.at(c, k) + this.at(k, c)
      return this.at(c, c) / Math.max(1, union)
    })
  }

  pixelAccuracy(): number {
    let hit = 0
    for (let c = 0; c < this.classes; c++) hit += this.at(c, c)
    return (
      hit /
      Math.max(
        1,
        this.matrix.reduce((a, b) => a + b),
      )
    )
  }

  private at(truth: number, found: number): number {
    return this.matrix[truth * this.classes + found]!
  }
}
