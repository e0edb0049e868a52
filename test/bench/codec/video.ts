/**
 * For context, and no like for like: x264 and x265 code the pictures, with loss, for eyes; the latent is coded without loss,
 * for networks, and its decoder's pictures are only its by-product. Same frames, same keyframe interval, preset medium, one
 * thread, the constant rate factor whose size is nearest to ours.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Graph } from '../../../client/decode/onnx.js'
import { type Bundle, graphPath } from '../../../contract/bundle.js'
import { CLIP, cut, ffmpeg, type Material } from './material.js'

export interface VideoResult {
  readonly name: string
  readonly crf?: number
  readonly bpp: number
  /** Of RGB, from the mean squared error over all frames. */
  readonly psnr: number
}

const codecs = [
  ['x264', 'libx264', ['-x264-params', 'scenecut=0:open-gop=0']],
  ['x265', 'libx265', ['-x265-params', 'scenecut=0:open-gop=0:log-level=none']],
] as const

export function video(material: Material, interval: number, bpp: number): VideoResult[] {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-video-'))
  const raw = join(dir, 'frames.rgb')
  writeFileSync(raw, Buffer.concat(material.frames))
  try {
    return codecs.map(([name, library, extra]) => {
      const run = (crf: number) => encode(material, raw, join(dir, `${name}.mkv`), library, extra, interval, crf)
      let [low, high] = [15, 51]
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (run(middle).bpp > bpp) low = middle
        else high = middle
      }
      const found = run(high)
      return {
        name,
        crf: high,
        bpp: found.bpp,
        psnr: psnr(material.frames, cut(ffmpeg(['-i', found.path]), frameBytes(material))),
      }
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const frameBytes = ({ width, height }: Material) => width * height * 3

function encode(
  { width, height, frames }: Material,
  raw: string,
  path: string,
  library: string,
  extra: readonly string[],
  interval: number,
  crf: number,
): { path: string; bpp: number } {
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(CLIP.fps), '-i', raw]
  const gop = ['-g', String(interval), '-keyint_min', String(interval)]
  const options = ['-c:v', library, '-preset', 'medium', '-crf', String(crf), ...gop, ...extra, '-pix_fmt', 'yuv420p']
  // A raw elementary stream: the bytes of a container would not be the codec's.
  const stream = path.replace('.mkv', library === 'libx264' ? '.264' : '.265')
  ffmpeg(['-y', ...input, ...options], undefined, [stream])
  return { path: stream, bpp: (8 * readFileSync(stream).length) / (frames.length * width * height) }
}

/** The pictures that the bundle's decoder makes of the symbols, every `step`-th frame. */
export async function decoderPsnr(
  { width, height, frames, symbols }: Material,
  bundle: Bundle,
  step: number,
): Promise<number> {
  const { channels, stride } = bundle.manifest.latent
  const graph = await Graph.open(graphPath(bundle, 'decoder'))
  const chosen = frames.map((_, i) => i).filter((i) => i % step === 0)
  const pictures: Uint8Array[] = []
  for (const i of chosen) {
    const dims = [1, channels, height / stride, width / stride]
    pictures.push((await graph.run(symbols[i], dims, 'frame', [1, height, width, 3])).data.slice())
  }
  await graph.close()
  return psnr(
    chosen.map((i) => frames[i]),
    pictures,
  )
}

function psnr(wanted: readonly Uint8Array[], found: readonly Uint8Array[]): number {
  if (wanted.length !== found.length) throw new Error(`${found.length} frames came back of ${wanted.length}`)
  let squares = 0
  let count = 0
  wanted.forEach((frame, i) => {
    for (let k = 0; k < frame.length; k++) squares += (frame[k] - found[i][k]) ** 2
    count += frame.length
  })
  return 10 * Math.log10((255 * 255 * count) / squares)
}
