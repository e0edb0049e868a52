/** The adapter around mediabunny: frames to an MP4 file, with the encoder that the browser has. */
import { BufferTarget, CanvasSource, getFirstEncodableVideoCodec, Mp4OutputFormat, Output } from 'mediabunny'
import type { FilmInfo, Painted } from './decoder/protocol.js'
import { drawPicture } from './picture.js'

/** @throws why the browser cannot */
export async function makeMp4(
  { width, height, frames }: FilmInfo,
  paint: (index: number) => Promise<Painted>,
  progress: (text: string) => void,
): Promise<Blob> {
  const format = new Mp4OutputFormat({ fastStart: 'in-memory' })
  const codec = await getFirstEncodableVideoCodec(format.getSupportedVideoCodecs(), { width, height })
  if (!codec) throw new Error(`this browser encodes no video of ${width}×${height}`)
  const target = new BufferTarget()
  const output = new Output({ format, target })
  const canvas = document.createElement('canvas')
  const source = new CanvasSource(canvas, { codec, bitrate: 2_000_000 })
  output.addVideoTrack(source)
  canvas.width = width
  canvas.height = height
  await output.start()
  for (let i = 0; i < frames.length; i++) {
    drawPicture(canvas, await paint(i))
    const at = (frames[i].at - frames[0].at) / 1000
    const next = i + 1 < frames.length ? (frames[i + 1].at - frames[0].at) / 1000 : at + 0.1
    await source.add(at, Math.max(0.001, next - at))
    progress(`making the video: ${i + 1} of ${frames.length} frames`)
  }
  await output.finalize()
  return new Blob([target.buffer!], { type: 'video/mp4' })
}
