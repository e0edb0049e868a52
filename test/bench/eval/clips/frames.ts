/** A clip's frames in their order, as the agent gets them from ffmpeg, at the pace of whoever takes them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startFfmpeg } from '../../../../agent/capture/ffmpeg.js'
import { FrameCutter } from '../../../../agent/capture/frames.js'

/** More than any clip has: none is left out. */
const ALL_FPS = 1000

export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The height asked for, and the multiple nearest to the clip's own shape: nothing is cut off, and hardly anything distorted. Beside it the clip's frames a
 * second on average, where it says them.
 */
export async function shapeOf(path: string, height: number, multiple: number): Promise<{ size: Size; fps?: number }> {
  const entries = 'stream=width,height,avg_frame_rate'
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'csv=p=0', path]
  const { stdout } = await promisify(execFile)('ffprobe', args).catch((cause) => {
    throw new Error(`${path}: ffprobe cannot read it (${String(cause.stderr || cause.message).trim()})`, { cause })
  })
  const [width = '', high = '', rate = ''] = stdout.trim().split(',')
  const [w, h] = [Number(width), Number(high)]
  if (!w || !h) throw new Error(`${path}: has no video`)
  const [frames = Number.NaN, seconds = 1] = rate.split('/').map(Number)
  const fps = frames / seconds
  const size = { width: Math.max(multiple, Math.round((height * w) / h / multiple) * multiple), height }
  return { size, ...(Number.isFinite(fps) && fps > 0 && { fps }) }
}

/** `take` gets every frame with its index; the clip waits for it. Resolves with the number of frames. */
export async function eachFrame(
  path: string,
  size: Size,
  take: (rgb: Uint8Array, index: number) => Promise<void>,
): Promise<number> {
  const bytes = size.width * size.height * 3
  const buffer = new Uint8Array(bytes)
  let index = 0
  await new Promise<void>((resolve, reject) => {
    const cutter = new FrameCutter(
      bytes,
      () => buffer,
      ({ rgb }) => take(rgb, index++),
    )
    cutter.on('error', reject)
    const source = { source: path, ...size, fps: ALL_FPS, loop: false, pace: 'fast', fit: 'stretch' } as const
    startFfmpeg(source, cutter, (reason, fault) =>
      reason === 'the stream ended' && !fault ? resolve() : reject(new Error(`${path}: ${reason}`)),
    )
  })
  return index
}
