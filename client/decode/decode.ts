/** The decode verb: bitstream files to pictures or a video. */
import { basename, join } from 'node:path'
import { CodecError, type Frame } from '../../codec/index.js'
import type { Bundles } from '../bundles.js'
import { asFailure, Failure } from '../failure.js'
import { bitstreamFile, writeWhole } from '../files.js'
import { framesOf } from '../inspect/inspect.js'
import { Progress } from '../progress.js'
import { Mp4Writer } from './mp4.js'
import { Painter } from './painter.js'
import { encodePng } from './png.js'

export interface DecodeOptions {
  readonly bundles: Bundles
  /** For PNG files, named after camera, boot and seq. */
  readonly outDir?: string | undefined
  readonly mp4?: string | undefined
  /** Default: from the capture times. */
  readonly fps?: number | undefined
}

export interface DecodeEvents {
  written(file: string): void
  /** A damaged file or frame; the others go on. */
  failed(failure: Failure): void
}

interface Source {
  readonly file: string
  readonly frame: Frame
}

/** @throws {Failure} input: no bundle, sizes that differ in one video; other; {BundleError} */
export async function decode(
  files: readonly string[],
  options: DecodeOptions,
  events: DecodeEvents,
  signal: AbortSignal,
): Promise<void> {
  const sources = inOrder(files.flatMap((file) => readSources(file, events)))
  // Before the first picture, so that a missing bundle is not found out after an hour.
  for (const { frame } of sources) options.bundles.need(frame.info)
  const video = options.mp4 ? new Mp4Writer(options.mp4, options.fps ?? frameRate(sources)) : undefined
  const painters = new Map<string, Painter>()
  const progress = new Progress('decoded', sources.length)
  try {
    for (const source of sources) {
      if (signal.aborted) throw new Failure('other', 'interrupted, decode, pictures written so far are whole')
      await paintOne(source)
      progress.tick()
    }
    if (video && options.mp4 && (await video.finish())) events.written(options.mp4)
  } catch (error) {
    await video?.discard()
    throw error
  } finally {
    progress.clear()
    for (const painter of painters.values()) await painter.close()
  }

  async function paintOne({ file, frame }: Source): Promise<void> {
    const { info } = frame
    let painter = painters.get(info.bundle)
    if (!painter) {
      painter = await Painter.open(options.bundles.need(info))
      painters.set(info.bundle, painter)
    }
    let picture: Awaited<ReturnType<Painter['paint']>>
    try {
      picture = await painter.paint(frame)
    } catch (error) {
      // A network that does not run will not run for the next frame either.
      if (!(error instanceof CodecError)) throw error
      progress.clear()
      events.failed(inFile(file, error))
      return
    }
    await video?.add(picture)
    if (options.outDir === undefined) return
    const png = join(options.outDir, basename(bitstreamFile('.', info)).replace(/bsf$/, 'png'))
    writeWhole(png, encodePng(picture))
    progress.clear()
    events.written(png)
  }
}

function readSources(file: string, events: DecodeEvents): Source[] {
  const sources: Source[] = []
  try {
    for (const frame of framesOf(file)) sources.push({ file, frame })
  } catch (error) {
    events.failed(inFile(file, error))
  }
  return sources
}

function inFile(file: string, error: unknown): Failure {
  if (error instanceof CodecError) return new Failure('input', `damaged bitstream, ${file}: ${error.message}`)
  return asFailure(error)
}

/** A shell sorts …-10 before …-9. By camera, boot and seq; boots by their first capture time, as clocks may jump within. */
function inOrder(sources: readonly Source[]): Source[] {
  const begin = new Map<string, number>()
  for (const { frame } of sources) {
    const { boot, timeUs } = frame.info
    begin.set(boot, Math.min(begin.get(boot) ?? timeUs, timeUs))
  }
  return [...sources].sort(({ frame: { info: a } }, { frame: { info: b } }) => {
    if (a.camera !== b.camera) return a.camera < b.camera ? -1 : 1
    return begin.get(a.boot)! - begin.get(b.boot)! || (a.boot < b.boot ? -1 : a.boot > b.boot ? 1 : a.seq - b.seq)
  })
}

const defaultFps = 10

/** Frames per second by the median distance of capture times, so that the video runs at the speed of what happened. */
function frameRate(sources: readonly Source[]): number {
  const times = sources.map(({ frame }) => frame.info.timeUs)
  const gaps = times.slice(1).map((time, i) => time - times[i])
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1]
  if (median === undefined || median <= 0) return defaultFps
  return Math.min(60, Math.max(1, Math.round(1e6 / median)))
}
