/** Fits the weights of codec/linear.ts: ridge regression over part of the material, rounded to integers at the end. */
import { keyWeights, type Linear, predictedWeights, sourcesOf } from '../../codec/linear.js'
import { Planes } from '../../codec/planes.js'
import type { Material } from './material.js'

/** Enough for a few hundred weights per channel; the rest would only take time. */
const STILLS = 400
const SCENES = 30
const FRAMES_OF_A_SCENE = 12
/** Keeps channels that never change from a division by zero. */
const RIDGE = 10
const ONE = 4096

export function fitLinear(
  material: readonly Material[],
  channels: number,
  usual: Uint8Array,
  isSource: Uint8Array,
): Linear[] {
  const sources = Array.from({ length: channels }, (_, c) => sourcesOf(c, isSource))
  const key = sources.map((s) => new Fit(keyWeights(s.length)))
  const predicted = sources.map((s) => new Fit(predictedWeights(s.length)))
  const every = (parts: Material[], most: number) => parts.filter((_, i) => i % Math.ceil(parts.length / most) === 0)
  for (const part of every(
    material.filter(({ frames }) => frames.length === 1),
    STILLS,
  ))
    addKey(part)
  for (const part of every(
    material.filter(({ frames }) => frames.length > 1),
    SCENES,
  ))
    addScene(part)
  return sources.map((s, c) => ({ sources: s, key: key[c].solve(), predicted: predicted[c].solve() }))

  function addKey({ height, width, frames }: Material): Planes {
    const planes = new Planes(channels, height, width)
    const { now, stride, size } = planes
    for (let c = 0, i = 0; c < channels; c++) {
      now.fill(usual[c], c * size, (c + 1) * size)
      for (let y = 0; y < height; y++) {
        const row = planes.row(c, y)
        if (y > 0) now[row - 2] = now[row - 1] = now[row - stride]
        for (let at = row; at < row + width; at++, i++) {
          const x = key[c].row
          let n = 0
          for (const step of [-1, -stride, -stride - 1, -stride + 1, -2, -2 * stride]) x[n++] = now[at + step]
          for (const source of sources[c]) {
            const there = at - (c - source) * size
            for (const step of [0, 1, -1, stride, -stride]) x[n++] = now[there + step]
          }
          key[c].add(frames[0][i])
          now[at] = frames[0][i]
        }
        now[row + width] = now[row + width + 1] = now[row + width - 1]
      }
      planes.closePlane(c)
    }
    planes.endKey()
    return planes
  }

  function addScene(part: Material): void {
    const { height, width, frames } = part
    const planes = new Planes(channels, height, width)
    const { now, before, mean, stride, size } = planes
    for (let c = 0, i = 0; c < channels; c++) {
      for (let y = 0; y < height; y++, i += width) now.set(frames[0].subarray(i, i + width), planes.row(c, y))
      planes.closePlane(c)
    }
    planes.endKey()
    for (const frame of frames.slice(1, FRAMES_OF_A_SCENE)) {
      planes.startPredicted()
      for (let c = 0, i = 0; c < channels; c++) {
        for (let y = 0; y < height; y++) {
          const row = planes.row(c, y)
          for (let at = row; at < row + width; at++, i++) {
            const x = predicted[c].row
            const guess = before[at]
            let n = 0
            for (const step of [-1, -stride, -stride - 1, -stride + 1]) x[n++] = now[at + step] - before[at + step]
            x[n++] = mean[at] / 64 - guess
            for (const step of [-1, 1, -stride, stride]) x[n++] = before[at + step] - guess
            for (const source of sources[c]) {
              const there = at - (c - source) * size
              for (const step of [0, 1, -1, stride, -stride]) x[n++] = now[there + step] - before[there + step]
            }
            predicted[c].add(frame[i] - guess)
            planes.put(at, c, frame[i])
          }
        }
        planes.closePlane(c)
      }
    }
  }
}

class Fit {
  /** To be filled before `add`; its last entry is the constant. */
  readonly row: Float64Array
  private readonly products: Float64Array[]
  private readonly targets: Float64Array

  constructor(private readonly size: number) {
    this.row = new Float64Array(size)
    this.row[size - 1] = 1
    this.products = Array.from({ length: size }, () => new Float64Array(size))
    this.targets = new Float64Array(size)
  }

  add(target: number): void {
    const { row, products, targets, size } = this
    for (let i = 0; i < size; i++) {
      const x = row[i]
      if (x === 0) continue
      targets[i] += x * target
      const into = products[i]
      for (let j = 0; j < size; j++) into[j] += x * row[j]
    }
  }

  /** Gaussian elimination; the ridge makes the matrix positive definite, so no pivoting is needed. */
  solve(): Int32Array {
    const { products: a, targets: b, size } = this
    for (let i = 0; i < size; i++) a[i][i] += RIDGE
    for (let i = 0; i < size; i++) {
      for (let r = i + 1; r < size; r++) {
        const factor = a[r][i] / a[i][i]
        if (factor === 0) continue
        for (let k = i; k < size; k++) a[r][k] -= factor * a[i][k]
        b[r] -= factor * b[i]
      }
    }
    const x = new Float64Array(size)
    for (let i = size - 1; i >= 0; i--) {
      let rest = b[i]
      for (let k = i + 1; k < size; k++) rest -= a[i][k] * x[k]
      x[i] = rest / a[i][i]
    }
    return Int32Array.from(x, (value) => Math.max(-32768, Math.min(32767, Math.round(value * ONE))))
  }
}
