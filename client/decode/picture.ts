/** RGB pictures in memory and the little drawing that the side-by-side view needs. */
export type Colour = readonly [red: number, green: number, blue: number]

export interface Picture {
  readonly width: number
  readonly height: number
  /** [height, width, 3] */
  readonly data: Uint8Array
}

export const blank = (width: number, height: number): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 3),
})

/** The parts outside the picture are left out. */
export function fillRect(picture: Picture, x: number, y: number, width: number, height: number, colour: Colour): void {
  const right = Math.min(picture.width, x + width)
  const bottom = Math.min(picture.height, y + height)
  for (let row = Math.max(0, y); row < bottom; row++) {
    for (let column = Math.max(0, x); column < right; column++) {
      picture.data.set(colour, (row * picture.width + column) * 3)
    }
  }
}

/** `source` must fit. */
export function paste(target: Picture, source: Picture, x: number, y: number): void {
  const bytes = source.width * 3
  for (let row = 0; row < source.height; row++) {
    const from = row * bytes
    target.data.set(source.data.subarray(from, from + bytes), ((y + row) * target.width + x) * 3)
  }
}
