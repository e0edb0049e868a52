/** The colour of each segmentation class, near those that Cityscapes uses for the same things. */
import type { Colour } from './picture.js'

const colours: Record<string, Colour> = {
  sky: [70, 130, 180],
  building: [150, 85, 70],
  pole: [200, 200, 160],
  road: [128, 64, 128],
  pavement: [244, 60, 232],
  vegetation: [107, 172, 35],
  tree: [107, 172, 35],
  sign: [230, 220, 0],
  fence: [190, 153, 153],
  car: [20, 60, 230],
  'large vehicle': [0, 120, 160],
  'two-wheeler': [255, 140, 0],
  animal: [240, 200, 40],
  person: [230, 20, 60],
  pedestrian: [230, 20, 60],
  bicyclist: [255, 140, 0],
}

/** For classes of other bundles: by their id. */
const others: readonly Colour[] = [
  [0, 160, 160],
  [160, 160, 0],
  [160, 0, 160],
  [90, 200, 120],
  [220, 120, 90],
  [110, 110, 240],
]

export const classColour = (name: string, id: number): Colour => colours[name] ?? others[id % others.length]
