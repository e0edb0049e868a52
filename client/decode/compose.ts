/** The view: the picture on the left, its segmentation drawn over it on the right, a legend with pixel shares below. */
import { drawText, letterHeight, letterWidth } from './font.js'
import { classColour } from './palette.js'
import { blank, type Colour, fillRect, type Picture, paste } from './picture.js'

export interface Mask {
  readonly width: number
  readonly height: number
  /** Class ids, [height, width]; one for `picture width / width` pixels each way. */
  readonly ids: Uint8Array
}

/** Half colour, half picture: the thing stays recognisable under its class. */
export function overlay(picture: Picture, mask: Mask, classes: readonly string[]): Picture {
  const out: Picture = { ...picture, data: picture.data.slice() }
  const colours = classes.map(classColour)
  for (let y = 0; y < picture.height; y++) {
    const row = Math.floor((y * mask.height) / picture.height) * mask.width
    for (let x = 0; x < picture.width; x++) {
      const colour = colours[mask.ids[row + Math.floor((x * mask.width) / picture.width)]]
      // An id without a class is shown as the bare picture.
      if (!colour) continue
      const at = (y * picture.width + x) * 3
      for (let c = 0; c < 3; c++) out.data[at + c] = (out.data[at + c] + colour[c]) >> 1
    }
  }
  return out
}

const padding = 4
const lineHeight = letterHeight + 2 * padding
const swatch = letterHeight
const textColour: Colour = [230, 230, 230]

export function compose(picture: Picture, mask: Mask, classes: readonly string[]): Picture {
  const width = picture.width * 2
  const longest = Math.max(0, ...classes.map((name) => name.length)) + ' 100%'.length
  const cell = padding + swatch + padding + longest * letterWidth
  const perLine = Math.max(1, Math.floor(width / cell))
  const lines = Math.ceil(classes.length / perLine)
  // Video with halved colour resolution needs even sides.
  const legend = Math.ceil((lines * lineHeight) / 2) * 2
  const view = blank(width, picture.height + legend)
  paste(view, picture, 0, 0)
  paste(view, overlay(picture, mask, classes), picture.width, 0)
  classes.forEach((name, id) => {
    const x = (id % perLine) * cell + padding
    const y = picture.height + Math.floor(id / perLine) * lineHeight + padding
    fillRect(view, x, y, swatch, swatch, classColour(name, id))
    drawText(view, `${name} ${percent(mask.ids, id)}%`, x + swatch + padding, y, textColour)
  })
  return view
}

function percent(ids: Uint8Array, id: number): number {
  let count = 0
  for (const found of ids) if (found === id) count++
  return ids.length === 0 ? 0 : Math.round((count * 100) / ids.length)
}
