/** When a camera's next frame is to be a keyframe: every so often, when somebody asks, and after one that was lost. */

interface Camera {
  wanted: boolean
  /** A frame is missing: until the next keyframe nothing that was predicted can be decoded. */
  broken: boolean
  /** Capture time of the last keyframe, microseconds. */
  lastUs: number
}

/** Whoever asks, and however often: a camera has no more keyframes than this for it. */
const ASKED_US = 1_000_000

export class Keyframes {
  private readonly cameras = new Map<string, Camera>()

  /** Whether the frame about to be coded is to be one. */
  due(cam: string, timeUs: number, everySeconds: number): boolean {
    const camera = this.of(cam)
    // A clock that was set back must not keep keyframes away.
    const late = timeUs < camera.lastUs || timeUs - camera.lastUs >= everySeconds * 1e6
    const wanted = camera.wanted && timeUs - camera.lastUs >= ASKED_US
    if (!wanted && !camera.broken && !late) return false
    camera.wanted = false
    camera.lastUs = timeUs
    return true
  }

  /** A subscriber would like one. */
  ask(cam: string): void {
    this.of(cam).wanted = true
  }

  /** A frame was coded, or was about to be, and cannot be had. */
  lost(cam: string): void {
    this.of(cam).broken = true
  }

  stored(cam: string, key: boolean, timeUs: number): void {
    if (!key) return
    const camera = this.of(cam)
    camera.broken = false
    camera.lastUs = Math.max(camera.lastUs, timeUs)
  }

  /** Whether a predicted frame has all that it was predicted from. */
  follows(cam: string): boolean {
    return !this.of(cam).broken
  }

  private of(cam: string): Camera {
    let camera = this.cameras.get(cam)
    if (!camera) {
      camera = { wanted: true, broken: false, lastUs: 0 }
      this.cameras.set(cam, camera)
    }
    return camera
  }
}
