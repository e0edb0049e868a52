/** The decode verb: bitstream files to pictures or a video. */
import { basename, join } from 'node:path'
import { CodecError, type FrameInfo } from '../../codec/index.js'
import type { Bundles } from '../bitstreams/bundles.js'
import { bitstreamFile, writeWhole } from '../bitstreams/files.js'
import { type Segment, SegmentDecoder, segmentsOfAll } from '../bitstreams/streams.js'
import { Failure } from '../failure.js'
import { Progress } from '../terminal/progress.js'
import { Mp4Writer } from './mp4.js'
import { Painter } from './painter.js'
import type { Picture } from './picture.js'
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

/** @throws {Failure} input: no bundle, sizes that differ in one video; other; {BundleError} */
export async function decode(
  files: readonly string[],
  options: DecodeOptions,
  events: DecodeEvents,
  signal: AbortSignal,
): Promise<void> {
  const segments = inOrder(segmentsOfAll(files, events.failed))
  // Before the first picture, so that a missing bundle is not found out after an hour.
  for (const { frame } of segments) options.bundles.need(frame)
  const video = options.mp4 ? new Mp4Writer(options.mp4, options.fps ?? frameRate(segments)) : undefined
  const studios = new Map<string, Studio>()
  const progress = new Progress(
    'decoded',
    segments.reduce((sum, { records }) => sum + records.length, 0),
  )
  try {
    for (const segment of segments) await paintSegment(segment)
    if (video && options.mp4 && (await video.finish())) events.written(options.mp4)
  } catch (error) {
    await video?.discard()
    throw error
  } finally {
    progress.clear()
    for (const { painter } of studios.values()) await painter.close()
  }

  async function paintSegment(segment: Segment): Promise<void> {
    const { painter, decoder } = await studio(segment.frame)
    try {
      for (const { decoded } of decoder.frames(segment)) {
        if (signal.aborted) throw new Failure('other', 'interrupted, decode, pictures written so far are whole')
        const { frame, symbols } = decoded
        const picture = await painter.paint(frame, symbols)
        await video?.add(picture)
        if (options.outDir !== undefined) keep(frame, picture)
        progress.tick()
      }
    } catch (error) {
      // Damage ends its segment; a network that does not run will not run for the next one either.
      if (!(error instanceof Failure && error.code === 'input' && error.cause instanceof CodecError)) throw error
      progress.clear()
      events.failed(error)
    }
  }

  function keep(frame: FrameInfo, picture: Picture): void {
    const png = join(options.outDir!, basename(bitstreamFile('.', frame)).replace(/bsf$/, 'png'))
    writeWhole(png, encodePng(picture))
    progress.clear()
    events.written(png)
  }

  async function studio(frame: FrameInfo): Promise<Studio> {
    let made = studios.get(frame.bundle)
    if (!made) {
      const bundle = options.bundles.need(frame)
      made = { painter: await Painter.open(bundle), decoder: new SegmentDecoder(bundle) }
      studios.set(frame.bundle, made)
    }
    return made
  }
}

/** What one bundle's frames need. */
interface Studio {
  readonly painter: Painter
  readonly decoder: SegmentDecoder
}

/**
 * A shell sorts …-10 before …-9. By camera, boot and seq; boots by their first capture time, as clocks may jump within. Of a
 * segment that is there twice, because it was fetched while it grew, the longer one.
 */
function inOrder(segments: readonly Segment[]): Segment[] {
  const begin = new Map<string, number>()
  const longest = new Map<string, Segment>()
  for (const segment of segments) {
    const { camera, boot, seq, timeUs } = segment.frame
    begin.set(boot, Math.min(begin.get(boot) ?? timeUs, timeUs))
    const name = `${camera}/${boot}/${seq}`
    if ((longest.get(name)?.records.length ?? 0) < segment.records.length) longest.set(name, segment)
  }
  return [...longest.values()].sort(({ frame: a }, { frame: b }) => {
    if (a.camera !== b.camera) return a.camera < b.camera ? -1 : 1
    return begin.get(a.boot)! - begin.get(b.boot)! || (a.boot < b.boot ? -1 : a.boot > b.boot ? 1 : a.seq - b.seq)
  })
}

const defaultFps = 10

/** Frames per second by the median distance of capture times, so that the video runs at the speed of what happened. */
function frameRate(segments: readonly Segment[]): number {
  const times = segments.flatMap(({ records }) => records.map(({ timeUs }) => timeUs))
  const gaps = times.slice(1).map((time, i) => time - times[i])
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1]
  if (median === undefined || median <= 0) return defaultFps
  return Math.min(60, Math.max(1, Math.round(1e6 / median)))
}
