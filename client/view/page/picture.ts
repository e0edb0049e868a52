/** Drawing on canvases: a picture, and the mask over it. */
import type { Seg } from '../source.js'
import type { Painted } from './decoder/protocol.js'
import { type MaskMode, maskPixels } from './mask.js'

export function drawPicture(canvas: HTMLCanvasElement, { width, height, rgba }: Painted): void {
  fit(canvas, width, height)
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0)
}

/** On a canvas of the mask's own size, which the browser stretches over the picture. No result is no mask. */
export function drawMask(canvas: HTMLCanvasElement, seg: Seg | undefined, mode: MaskMode): void {
  const context = canvas.getContext('2d')
  if (!seg || mode === 'none') {
    context?.clearRect(0, 0, canvas.width, canvas.height)
    return
  }
  fit(canvas, seg.w, seg.h)
  try {
    context?.putImageData(new ImageData(maskPixels(seg, mode), seg.w, seg.h), 0, 0)
  } catch {
    context?.clearRect(0, 0, canvas.width, canvas.height)
  }
}

function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
}
