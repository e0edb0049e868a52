/** The frames every measurement runs on: the project's clip at one size, in memory. */
import { startFfmpeg } from '../../agent/capture/ffmpeg.js'
import { FrameCutter } from '../../agent/capture/frames.js'
import { demoClip } from '../../agent/demo/demo.js'

export async function clipFrames(
  width: number,
  height: number,
  count: number,
  fps = 12.5,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const frames: Uint8Array<ArrayBuffer>[] = []
  await new Promise<void>((resolve, reject) => {
    const cutter = new FrameCutter(
      width * height * 3,
      () => new Uint8Array(width * height * 3),
      ({ rgb }) => {
        if (frames.length < count) frames.push(rgb)
        if (frames.length === count) resolve()
      },
    )
    const grabber = startFfmpeg(
      { source: demoClip(), width, height, fps, loop: true, pace: 'fast' },
      cutter,
      (reason) => {
        if (frames.length < count) reject(new Error(reason))
      },
    )
    cutter.on('error', () => {})
    const check = setInterval(() => {
      if (frames.length < count) return
      clearInterval(check)
      void grabber.stop()
    }, 10)
  })
  return frames
}
