/** The training symbols that symbols.py wrote: index.json and raw files of frames [C, h, w] one after another. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Material {
  readonly height: number
  readonly width: number
  /** One frame: a still. More: a scene, frame after frame. */
  readonly frames: readonly Uint8Array[]
}

interface Entry {
  readonly file: string
  readonly height: number
  readonly width: number
  /** Frames of a scene, 1 for stills. */
  readonly length: number
}

/** Stills and scenes, those of all files spread evenly over the whole, so that none is forgotten for another. */
export function readMaterial(folder: string, channels: number, thin: number): Material[] {
  const entries: Entry[] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
  const placed = entries.flatMap((entry) => {
    const parts = read(folder, entry, channels).filter((_, i) => i % thin === 0)
    return parts.map((part, i) => ({ part, at: (i + 0.5) / parts.length }))
  })
  return placed.sort((a, b) => a.at - b.at).map(({ part }) => part)
}

function read(folder: string, { file, height, width, length }: Entry, channels: number): Material[] {
  const bytes = readFileSync(join(folder, file))
  const size = channels * height * width
  const count = bytes.length / (size * length)
  if (!Number.isInteger(count))
    throw new Error(`context: ${file} does not hold whole scenes of ${length} x ${size} symbols`)
  return Array.from({ length: count }, (_, part) => ({
    height,
    width,
    frames: Array.from({ length }, (_, i) =>
      bytes.subarray((part * length + i) * size, (part * length + i + 1) * size),
    ),
  }))
}
