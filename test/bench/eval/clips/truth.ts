/** What is to be seen in a clip, twice a second: NAME.json beside NAME.mp4. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'

export const CLASSES = ['person', 'car', 'two_wheeler', 'large_vehicle', 'animal'] as const
export type ClassName = (typeof CLASSES)[number]

/** `part` and whatever else a truth knows of is not scored, and may stand there. */
const names = z.array(z.enum([...CLASSES, 'part']))
const Frame = z.object({
  t: z.number().nonnegative().describe('seconds'),
  frame: z.int().nonnegative().describe('of the clip as it is decoded, from 0'),
  ...(Object.fromEntries(CLASSES.map((name) => [name, z.boolean()])) as Record<ClassName, z.ZodBoolean>),
  /** Classes whose largest instance is lower than 1/16 of the picture; than 1/8 and not small: `medium` where the truth says so. */
  small: names.default([]),
  medium: names.optional(),
  /** Only the best guess: not scored. */
  unsure: names.default([]),
})
const Truth = z.object({ clip: z.string().min(1), fps_truth: z.number().positive(), frames: z.array(Frame).min(2) })

/** Rates that differ by less are the same: clips do not keep to one, containers err, and times are rounded to frames. */
const OFF = 1.9
const differ = (a: number, b: number): boolean => Math.max(a / b, b / a) > OFF

export type TruthFrame = z.infer<typeof Frame>
export interface Truth {
  readonly name: string
  /** Of the clip. */
  readonly path: string
  readonly file: string
  /** Frames of truth a second. */
  readonly rate: number
  /** Frames of the clip a second, as the truth's times and indices have it. */
  readonly fps: number
  readonly frames: readonly TruthFrame[]
}

/**
 * Every truth file of a folder. Its clip lies beside it or in the neighbouring folder `clips`.
 * @throws {Error} names the file and what is wrong with it
 */
export function readTruths(dir: string): Truth[] {
  let files: string[]
  try {
    files = readdirSync(dir).filter((name) => name.endsWith('.json'))
  } catch (cause) {
    throw new Error(
      `--clips ${dir}: cannot be read (${(cause as NodeJS.ErrnoException).code}); name a folder of clips with a truth file beside each (docs/background/field-1.md has their format)`,
      { cause },
    )
  }
  if (files.length === 0)
    throw new Error(
      `--clips ${dir}: no truth files (NAME.json beside NAME.mp4; docs/background/field-1.md has their format)`,
    )
  return files.sort().map((file) => read(join(dir, file)))
}

/** @param fps the clip's, where it says them. @throws {Error} the truth is of another clip */
export function checkRate(
  { file, path, fps: said }: Pick<Truth, 'file' | 'path' | 'fps'>,
  fps: number | undefined,
): void {
  if (fps === undefined || !differ(said, fps)) return
  throw new Error(
    `${file}: its t and frame go by ${said.toFixed(1)} frames/s, and ${path} has ${fps.toFixed(1)}: it is of another clip; name the clip that it was made of, or count t and frame anew`,
  )
}

function read(file: string): Truth {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Error(`${file}: not JSON (${(cause as Error).message})`, { cause })
  }
  const result = Truth.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Error(
      `${file}: ${issue!.path.join('.') || 'top level'}: ${issue!.message}; expected {clip, fps_truth, frames: [{t, frame, person, car, …}]}, docs/background/field-1.md has the format`,
    )
  }
  const { clip, fps_truth: rate, frames } = result.data
  for (const [i, frame] of frames.entries()) {
    const before = frames[i - 1]
    if (before && (frame.frame <= before.frame || frame.t <= before.t))
      throw new Error(
        `${file}: frames.${i}: t ${frame.t}, frame ${frame.frame} do not come after t ${before.t}, frame ${before.frame}`,
      )
  }
  const steps = frames.slice(1).map(({ t }, i) => t - frames[i]!.t)
  const step = steps.sort((a, b) => a - b)[(steps.length - 1) >> 1]!
  if (differ(1 / step, rate))
    throw new Error(
      `${file}: fps_truth is ${rate}, and its entries are ${step.toFixed(2)} s apart: write ${Number((1 / step).toFixed(2))} there, or correct t`,
    )
  const places = [dirname(file), join(dirname(file), '..', 'clips')].map((dir) => join(dir, basename(clip)))
  const path = places.find((place) => existsSync(place))
  if (!path)
    throw new Error(
      `${file}: its clip ${clip} is neither in ${places.map((p) => dirname(p)).join(' nor in ')}: put it there, or take this file away`,
    )
  const [first, last] = [frames[0]!, frames.at(-1)!]
  const fps = (last.frame - first.frame) / (last.t - first.t)
  return { name: basename(file, '.json'), path, file, rate, fps, frames }
}
