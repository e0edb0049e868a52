/** The adapter around fast-png. */
import { encode } from 'fast-png'
import type { Picture } from './picture.js'

export const encodePng = ({ width, height, data }: Picture): Uint8Array =>
  encode({ width, height, data, channels: 3, depth: 8 })
