/** What a record says about its frame, and the limits of each field: the same for the writer and the reader. */

export interface FrameInfo {
  /** Coding mode of the payload: 0 = static tables. Others may be read, but not decoded. */
  readonly mode: number
  /** First 8 bytes of the SHA-256 of the bundle's manifest.json, and of its entropy.json: 16 lower-case hex digits. */
  readonly bundle: string
  readonly tables: string
  /** [a-z0-9_-]{1,64} */
  readonly camera: string
  /** Random id of one run of the agent, 16 lower-case hex digits. */
  readonly boot: string
  /** Counts from 0 without gaps per camera and boot; 32 bits are 13 years at 10 frames a second. */
  readonly seq: number
  /** Capture time, integer microseconds since the Unix epoch. */
  readonly timeUs: number
  /** Pixels, multiples of `stride`. */
  readonly width: number
  readonly height: number
  /** The latent is channels x height/stride x width/stride symbols, each below `levels`. */
  readonly channels: number
  readonly levels: number
  readonly stride: number
}

export const MAX_SIDE = 8192
export const MAX_CHANNELS = 255
export const MIN_LEVELS = 2
export const MAX_LEVELS = 255

/** 8192 x 8192 pixels at stride 8 with 64 channels. Bounds what a record of a few bytes can make a decoder allocate. */
export const MAX_SYMBOLS = 2 ** 26

const ranges = [
  ['mode', 0, 255],
  ['seq', 0, 2 ** 32 - 1],
  ['timeUs', 0, Number.MAX_SAFE_INTEGER],
  ['width', 1, MAX_SIDE],
  ['height', 1, MAX_SIDE],
  ['channels', 1, MAX_CHANNELS],
  ['levels', MIN_LEVELS, MAX_LEVELS],
  ['stride', 1, 255],
] as const

const hashPattern = /^[0-9a-f]{16}$/
const cameraPattern = /^[a-z0-9_-]{1,64}$/

/** What is wrong with the first wrong field, or undefined. */
export function infoFault(info: FrameInfo): string | undefined {
  for (const [key, least, most] of ranges) {
    const value = info[key]
    if (!Number.isInteger(value) || value < least || value > most) return `${key} ${value} is not in ${least}..${most}`
  }
  for (const key of ['bundle', 'tables', 'boot'] as const) {
    if (!matches(hashPattern, info[key])) return `${key} ${quote(info[key])} is not 16 lower-case hexadecimal digits`
  }
  if (!matches(cameraPattern, info.camera)) return `camera ${quote(info.camera)} does not match [a-z0-9_-]{1,64}`
  for (const key of ['width', 'height'] as const) {
    if (info[key] % info.stride !== 0) return `${key} ${info[key]} is not a multiple of the stride ${info.stride}`
  }
  const symbols = latentSize(info)
  return symbols > MAX_SYMBOLS ? `a latent of ${symbols} symbols is over the limit of ${MAX_SYMBOLS}` : undefined
}

export const latentSize = (info: FrameInfo): number =>
  info.channels * (info.height / info.stride) * (info.width / info.stride)

/** Without the type check `undefined` would be read as a camera of that name. */
const matches = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value)

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value)
