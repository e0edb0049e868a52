/** Pictures and masks as they are evaluated: cut from the middle, never scaled. */
import { existsSync, readFileSync } from 'node:fs'
import { decode } from 'fast-png'
import sharp from 'sharp'

/** uint8 [height,width,3] RGB */
export interface Rgb {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** The middle of a picture, and the size of the whole file. */
export interface Middle extends Rgb {
  readonly of: { readonly width: number; readonly height: number }
}

/** A file that cannot be used; the message names it. */
export class BadFile extends Error {}

/** The middle `crop` x `crop`, or without it all of the picture but what is over a multiple of `multiple`. @throws {BadFile} */
export async function readPicture(path: string, multiple: number, crop?: number): Promise<Middle> {
  let raw: { data: Buffer; info: { width: number; height: number } }
  try {
    raw = await sharp(path).toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true })
  } catch (cause) {
    throw new BadFile(`${path}: not a readable picture (${(cause as Error).message})`, { cause })
  }
  const { width, height } = raw.info
  if (crop !== undefined && Math.min(width, height) < crop)
    throw new BadFile(`${path}: ${width}x${height} is smaller than the crop of ${crop}`)
  const cut = middle(
    { width, height, data: raw.data },
    3,
    crop ?? down(width, multiple),
    crop ?? down(height, multiple),
  )
  return { ...cut, of: { width, height } }
}

/** uint8 class ids, `voidId` replaced by 255, of the picture's middle. @throws {BadFile} */
export function readMask(path: string, classes: number, voidId: number, picture: Middle): Uint8Array {
  if (!existsSync(path)) throw new BadFile(`${path}: the mask of this picture is missing`)
  const { width, height, of } = picture
  let png: ReturnType<typeof decode>
  try {
    png = decode(readFileSync(path))
  } catch (cause) {
    throw new BadFile(`${path}: not a readable PNG (${(cause as Error).message})`, { cause })
  }
  if (png.channels !== 1 || png.depth !== 8 || png.width !== of.width || png.height !== of.height)
    throw new BadFile(`${path}: expected 8-bit class ids, ${of.width}x${of.height} as the picture`)
  const ids = middle({ width: png.width, height: png.height, data: png.data as Uint8Array }, 1, width, height).data
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! < classes) continue
    if (ids[i] !== voidId)
      throw new BadFile(
        `${path}: class id ${ids[i]} at ${i % width},${Math.floor(i / width)}; known are 0 to ${classes - 1}, and ${voidId} for void`,
      )
    ids[i] = 255
  }
  return ids
}

const down = (side: number, multiple: number): number => side - (side % multiple)

function middle(from: Rgb, channels: number, width: number, height: number): Rgb {
  const left = Math.floor((from.width - width) / 2)
  const top = Math.floor((from.height - height) / 2)
  const data = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    const at = ((top + y) * from.width + left) * channels
    data.set(from.data.subarray(at, at + width * channels), y * width * channels)
  }
  return { width, height, data }
}
