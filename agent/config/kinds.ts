/**
 * What values can be: every number has a least and a most, and none overflows what it is made into. A timer of more than
 * 2^31-1 ms fires at once; bytes and milliseconds stay whole numbers up to 2^53.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { idPattern } from '../../contract/names.js'

export { z }

const DAY_SECONDS = 86_400

export const between = (least: number, most: number) => z.number().min(least).max(most)
export const whole = (least: number, most: number) => z.number().int().min(least).max(most)
export const seconds = (least: number, most: number = DAY_SECONDS) => between(least, most)
/** Up to a petabyte. */
export const megabytes = (least: number) => between(least, 1e9)

/** Of devices, cameras and zones. */
export const name = () => z.string().regex(idPattern, 'use 1 to 64 of a-z 0-9 _ -')

/** One line of text, not empty. */
export const text = () =>
  z
    .string()
    .min(1)
    .max(4096)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'has a line break or a control character in it; write it on one line')

/** The path of a file that is read at start. */
export const file = text

const HOST_NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.?$/i

/** Where to listen. What cannot be a name, or is digits and dots and no address, will never be found. */
export const host = () =>
  text().refine((host) => isIP(host) > 0 || (HOST_NAME.test(host) && !/(^|\.)\d+\.?$/.test(host)), {
    error: 'neither an IP address nor a host name; write one, like 127.0.0.1, without port and brackets',
  })

/** For a check of one key against another: it runs where these are right by themselves, whatever else is wrong. */
export const whereRight = (...keys: readonly string[]) => ({
  when: ({ value, issues }: z.core.ParsePayload) =>
    typeof value === 'object' && value !== null && !issues.some(({ path }) => path && keys.includes(String(path[0]))),
})

export const kindOf = (value: unknown): string => {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return value instanceof Uint8Array ? 'binary data' : 'a group of keys'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return `${value}`
  return Number.isFinite(value) ? `the number ${value}` : `${value}`
}
