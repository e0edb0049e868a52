/** One look at a source: what comes from it, or why nothing does. */
import type { Camera as CameraConfig } from '../config/schema.js'
import { silentLog } from '../log.js'
import { Camera } from './camera.js'

export type Probed =
  | {
      readonly ok: true
      /** Absent: nothing that this program could read was said of it. */
      readonly stream?: {
        readonly codec: string
        readonly width: number
        readonly height: number
        readonly fps?: number
      }
    }
  | { readonly ok: false; readonly reason: string; readonly login: boolean }

/** A camera may take so long to send its first frame. */
const WITHIN_MS = 20_000
const LOOK_MS = 50

/** @param attempts what fails for another reason than its login is tried once more: an option that this ffmpeg does not know is then left out */
export function probe(config: CameraConfig, withinMs = WITHIN_MS, attempts = 2): Promise<Probed> {
  return new Promise((resolve) => {
    let ended = false
    let again: NodeJS.Timeout | undefined
    const finish = async (probed: Probed) => {
      if (ended) return
      ended = true
      clearTimeout(late)
      clearInterval(again)
      await camera.stop()
      resolve(probed)
    }
    const failed = (reason: string) => void finish({ ok: false, reason, login: /\(401\b/.test(reason) })
    const camera = new Camera({ ...config, pace: 'realtime', loop: true }, silentLog, {
      frameReady() {
        const stream = camera.stream === undefined ? undefined : streamOf(camera.stream)
        void finish({ ok: true, ...(stream && { stream }) })
      },
      stateChanged: ({ state: { state, reason } }) => {
        if (ended || state === 'online') return
        if (/\(401\b/.test(reason) || state === 'stalled') failed(reason)
        // However long the last one takes, it is waited for: its reason may be the one that was said before.
        else
          again ??= setInterval(() => {
            if (camera.attempts >= attempts && !camera.capturing) failed(camera.state.reason)
          }, LOOK_MS)
      },
    })
    const late = setTimeout(() => failed(`nothing came within ${withinMs / 1000} s`), withinMs)
    camera.start()
  })
}

/** "h264 1920x1080, 25 fps" */
export function streamOf(text: string) {
  const [, codec, width, height, fps] = /^(\w+) (\d+)x(\d+)(?:, ([\d.]+) fps)?/.exec(text) ?? []
  if (!codec) return undefined
  return { codec, width: Number(width), height: Number(height), ...(Number(fps) > 0 && { fps: Number(fps) }) }
}
