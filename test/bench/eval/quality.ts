/** PSNR, SSIM and MS-SSIM of 8-bit RGB pictures, as in models/scoring/metrics.py. */
import type { Rgb } from './pictures.js'

/** dB over all three channels. */
export function psnr(a: Rgb, b: Rgb): number {
  let sum = 0
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2
  return 10 * Math.log10(255 ** 2 / Math.max(sum / a.data.length, 1e-9))
}

interface Plane {
  readonly width: number
  readonly height: number
  readonly data: Float64Array
}

const SIZE = 11
const WINDOW = gaussian(1.5)
const C1 = 0.01 ** 2
const C2 = 0.03 ** 2
/** Wang, Simoncelli, Bovik, 2003. */
const SCALES = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
/** The last of five scales has to hold a window. */
export const LEAST_SIDE = 176

function gaussian(sigma: number): Float64Array {
  const g = Float64Array.from({ length: SIZE }, (_, i) => Math.exp(-((i - (SIZE >> 1)) ** 2) / (2 * sigma ** 2)))
  const sum = g.reduce((a, b) => a + b)
  return g.map((x) => x / sum)
}

/** Mean over the channels, valid windows only (Wang et al., 2004). */
export const ssim = (a: Rgb, b: Rgb): number => terms(planes(a), planes(b)).ssim

/** NaN if a side is under LEAST_SIDE. */
export function msSsim(a: Rgb, b: Rgb): number {
  if (Math.min(a.width, a.height) < LEAST_SIDE) return Number.NaN
  let [x, y] = [planes(a), planes(b)]
  let product = 1
  SCALES.forEach((weight, i) => {
    const { ssim, contrast } = terms(x, y)
    product *= Math.max(i === SCALES.length - 1 ? ssim : contrast, 1e-6) ** weight
    ;[x, y] = [x.map(halved), y.map(halved)]
  })
  return product
}

function planes({ width, height, data }: Rgb): Plane[] {
  return [0, 1, 2].map((c) => ({
    width,
    height,
    data: Float64Array.from({ length: width * height }, (_, i) => data[3 * i + c]! / 255),
  }))
}

function terms(a: readonly Plane[], b: readonly Plane[]): { ssim: number; contrast: number } {
  let [ssim, contrast, count] = [0, 0, 0]
  a.forEach((x, c) => {
    const y = b[c]!
    const [mx, my] = [blurred(x), blurred(y)]
    const [xx, yy, xy] = [blurred(times(x, x)), blurred(times(y, y)), blurred(times(x, y))]
    for (let i = 0; i < mx.length; i++) {
      const [m, n] = [mx[i]!, my[i]!]
      const structure = (2 * (xy[i]! - m * n) + C2) / (xx[i]! - m * m + (yy[i]! - n * n) + C2)
      contrast += structure
      ssim += (structure * (2 * m * n + C1)) / (m * m + n * n + C1)
    }
    count += mx.length
  })
  return { ssim: ssim / count, contrast: contrast / count }
}

const times = (a: Plane, b: Plane): Plane => ({ ...a, data: a.data.map((x, i) => x * b.data[i]!) })

/** Rows, then columns. */
function blurred({ width, height, data }: Plane): Float64Array {
  const across = width - SIZE + 1
  const rows = new Float64Array(across * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < across; x++) {
      let sum = 0
      for (let k = 0; k < SIZE; k++) sum += WINDOW[k]! * data[y * width + x + k]!
      rows[y * across + x] = sum
    }
  const down = height - SIZE + 1
  const out = new Float64Array(across * down)
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++) {
      let sum = 0
      for (let k = 0; k < SIZE; k++) sum += WINDOW[k]! * rows[(y + k) * across + x]!
      out[y * across + x] = sum
    }
  return out
}

/** Means of 2x2; an odd row or column is left out. */
function halved({ width, height, data }: Plane): Plane {
  const [w, h] = [width >> 1, height >> 1]
  const out = new Float64Array(w * h)
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const at = 2 * y * width + 2 * x
      out[y * w + x] = (data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]!) / 4
    }
  return { width: w, height: h, data: out }
}
