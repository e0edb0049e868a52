/** How long an archive of so many bytes lasts, by what a frame takes. */
import type { CameraDraft } from './draft.js'

/** Of the demo's archive at 448x256: docs/background/what-is-kept.md. Streets with more going on take more. */
const FRAME_BYTES = 2400
const FRAME_PIXELS = 448 * 256
const DAY_SECONDS = 86_400

type Sized = Pick<CameraDraft, 'width' | 'height' | 'fps'>

export function bytesPerDay(cameras: readonly Sized[]): number {
  const each = ({ width, height, fps }: Sized) => fps * DAY_SECONDS * FRAME_BYTES * ((width * height) / FRAME_PIXELS)
  return cameras.reduce((sum, camera) => sum + each(camera), 0)
}

/** "2.1 GB a day at the rate asked for: 4 GB hold about 2 days" */
export function lasts(megabytes: number, cameras: readonly Sized[]): string {
  const day = bytesPerDay(cameras)
  return `about ${gigabytes(day)} a day: ${gigabytes(megabytes * 1e6)} hold about ${duration((megabytes * 1e6) / day)}`
}

export const gigabytes = (bytes: number): string => `${round(bytes / 1e9)} GB`

export function duration(days: number): string {
  if (days >= 2) return `${round(days)} days`
  const hours = Math.max(1, Math.round(days * 24))
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}`
}

/** Two digits, which is more than is known. */
const round = (n: number): string => String(n >= 10 ? Math.round(n) : Number(n.toPrecision(2)))
