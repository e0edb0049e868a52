/** When a camera's next frame is to be a keyframe: every so often, when somebody asks, and after one that was lost. */

interface Camera {
  wanted: boolean
  /** A frame is missing: until the next keyframe nothing that was predicted can be decoded. */
  broken: boolean
  /** When the last keyframe was taken, by the clock that no one sets. */
  lastMs: number
}

/** Whoever asks, and however often: a camera has no more keyframes than this for it. */
const ASKED_MS = 1000

export class Keyframes {
  private readonly cameras = new Map<string, Camera>()

  /** Whether the frame about to be coded is to be one. @param must it has to stand alone */
  due(cam: string, bootMs: number, everySeconds: number, must = false): boolean {
    const camera = this.of(cam)
    const late = bootMs - camera.lastMs >= everySeconds * 1000
    const wanted = camera.wanted && bootMs - camera.lastMs >= ASKED_MS
    if (!must && !wanted && !camera.broken && !late) return false
    camera.wanted = false
    camera.lastMs = bootMs
    return true
  }

  /** A subscriber would like one, or a bitstream had to stay for want of one. */
  ask(cam: string): void {
    this.of(cam).wanted = true
  }

  /** A frame was coded, or was about to be, and cannot be had. */
  lost(cam: string): void {
    this.of(cam).broken = true
  }

  stored(cam: string, key: boolean, bootMs: number): void {
    if (!key) return
    const camera = this.of(cam)
    camera.broken = false
    camera.lastMs = Math.max(camera.lastMs, bootMs)
  }

  /** Whether a predicted frame has all that it was predicted from. */
  follows(cam: string): boolean {
    return !this.of(cam).broken
  }

  private of(cam: string): Camera {
    let camera = this.cameras.get(cam)
    if (!camera) {
      camera = { wanted: true, broken: false, lastMs: Number.NEGATIVE_INFINITY }
      this.cameras.set(cam, camera)
    }
    return camera
  }
}
