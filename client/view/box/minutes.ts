/** What went by since this began to listen, by the minute: frames there, and how much moved. */

interface Minute {
  frames: number
  motion: number
  known: number
}

/** A week of one camera. */
const MOST_MINUTES = 7 * 24 * 60

export class Minutes {
  private readonly cameras = new Map<string, Map<number, Minute>>()

  add(camera: string, tsMs: number, motion: number | undefined): void {
    const minutes = this.cameras.get(camera) ?? new Map<number, Minute>()
    this.cameras.set(camera, minutes)
    const at = Math.floor(tsMs / 60_000)
    const minute = minutes.get(at) ?? { frames: 0, motion: 0, known: 0 }
    minute.frames++
    if (motion !== undefined) {
      minute.motion += motion
      minute.known++
    }
    minutes.set(at, minute)
    if (minutes.size > MOST_MINUTES) minutes.delete(minutes.keys().next().value!)
  }

  /** Mean motion of a stretch; undefined: nothing was heard of it, null: frames, and none said. */
  motion(camera: string, fromMs: number, toMs: number): number | null | undefined {
    const minutes = this.cameras.get(camera)
    if (!minutes) return undefined
    let motion = 0
    let known = 0
    let frames = 0
    for (let at = Math.floor(fromMs / 60_000); at * 60_000 < toMs; at++) {
      const minute = minutes.get(at)
      if (!minute) continue
      frames += minute.frames
      motion += minute.motion
      known += minute.known
    }
    if (frames === 0) return undefined
    return known === 0 ? null : motion / known
  }
}
