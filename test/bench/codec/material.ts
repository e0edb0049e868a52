/** What is coded: clips and stills as frames and, by the bundle's encoder, as symbols. Nothing is looped or repeated. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Networks } from '../../../agent/infer/networks.js'
import type { Bundle } from '../../../contract/bundle.js'

export interface Material {
  readonly name: string
  readonly width: number
  readonly height: number
  /** RGB, uint8 [H,W,3]. */
  readonly frames: readonly Uint8Array[]
  readonly symbols: readonly Uint8Array[]
}

export const CLIP = { width: 448, height: 256, fps: 10 } as const
const STILL = { width: 160, height: 160 } as const
export const LEAST_FRAMES = 240

/** One file with one moving picture, its first `most` frames at CLIP. */
export function clipFrames(path: string, most: number): Uint8Array[] {
  const { width, height, fps } = CLIP
  const raw = ffmpeg(['-i', path, '-vf', `fps=${fps},scale=${width}:${height}:flags=area`, '-frames:v', String(most)])
  const frames = cut(raw, width * height * 3)
  if (frames.length < LEAST_FRAMES) {
    throw new Error(
      `${path}: ${frames.length} frames at ${fps} fps, the bench needs ${LEAST_FRAMES}; give another clip`,
    )
  }
  return frames
}

export async function clips(folder: string, bundle: Bundle, most: number): Promise<Material[]> {
  const names = list(folder, '--clips').filter((name) => /\.(mp4|mkv|mov|avi)$/.test(name))
  if (names.length === 0) throw new Error(`--clips ${folder}: no .mp4, .mkv, .mov or .avi file in it`)
  const networks = await open(bundle, CLIP)
  const found: Material[] = []
  for (const name of names) {
    const frames = clipFrames(join(folder, name), most)
    const symbols = []
    for (const frame of frames) symbols.push((await networks.encode(frame, CLIP)).slice())
    found.push({ name: basename(name).replace(/\.\w+$/, ''), ...CLIP, frames, symbols })
  }
  await networks.release()
  return found
}

/** `count` pictures evenly from all of the folder's, the middle 160x160 of each. */
export async function stills(folder: string, bundle: Bundle, count: number): Promise<Material> {
  const paths = list(folder, '--stills').filter((name) => /\.(jpe?g|png|webp)$/i.test(name))
  if (paths.length < count) throw new Error(`--stills ${folder}: ${paths.length} pictures, the bench needs ${count}`)
  const networks = await open(bundle, STILL)
  const frames: Uint8Array[] = []
  const symbols: Uint8Array[] = []
  const { width, height } = STILL
  for (let i = 0; i < count; i++) {
    const path = join(folder, paths[Math.floor((i * paths.length) / count)])
    const crop = `scale=${width}:${height}:force_original_aspect_ratio=increase,crop=${width}:${height}`
    const frame = ffmpeg(['-i', path, '-vf', crop, '-frames:v', '1'])
    frames.push(frame)
    symbols.push((await networks.encode(frame, STILL)).slice())
  }
  await networks.release()
  return { name: `${count} stills`, width, height, frames, symbols }
}

export function ffmpeg(
  args: readonly string[],
  input?: Uint8Array,
  output = ['-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
): Buffer {
  const { status, stdout, stderr, error } = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, ...output], {
    input,
    maxBuffer: 2 ** 31 - 1,
  })
  if (error) throw new Error(`ffmpeg cannot be run (${error.message}): install it (apt-get install ffmpeg)`)
  if (status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${stderr.toString().trim()}`)
  return stdout
}

export const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

const open = (bundle: Bundle, size: { width: number; height: number }) =>
  Networks.open(bundle, new Set(), [size], { providers: ['cpu'], threads: 1, note: () => {} })

function list(folder: string, option: string): string[] {
  if (!existsSync(folder)) throw new Error(`${option} ${folder}: no such folder; name it with ${option} DIR`)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
