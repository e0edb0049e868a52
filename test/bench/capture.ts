/**
 * What a camera's stream costs before the networks see it: decoding and scaling of 1080p at 15 and 25 frames/s, H.264 and H.265, by the agent's own
 * arguments for ffmpeg, as processor time per second of video. The streams are made here from the demo's clip, enlarged, at 4 Mbit/s: once as most
 * cameras send them, and once with B-frames, of which `skip: nonref` leaves out those that no other picture needs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputOf, outputOf } from '../../agent/capture/arguments.js'
import { demoClip } from '../../agent/demo/demo.js'
import { cpuSecondsOf } from './ffmpeg.js'

const SECONDS = 6
const CODECS = { h264: 'libx264', hevc: 'libx265' } as const
const SKIPS = ['none', 'nonref', 'nokey'] as const

export interface CaptureBench {
  readonly stream: string
  readonly b_frames: number
  /** Share of a core, by `decode.skip`. */
  readonly core: Readonly<Record<(typeof SKIPS)[number], number>>
}

export async function benchCapture(): Promise<CaptureBench[]> {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-bench-'))
  const rows: CaptureBench[] = []
  for (const [codec, encoder] of Object.entries(CODECS))
    for (const fps of [15, 25])
      for (const b_frames of [0, 2]) {
        const file = join(dir, `${codec}-${fps}-${b_frames}.mkv`)
        console.error(`making ${codec}, ${fps} frames/s, ${b_frames} B-frames`)
        await cpuSecondsOf([
          ...['-stream_loop', '-1', '-i', demoClip(), '-t', `${SECONDS}`],
          ...['-vf', `fps=${fps},scale=1920:1080`, '-c:v', encoder, '-preset', 'veryfast', '-b:v', '4M'],
          ...['-bf', `${b_frames}`, '-g', `${2 * fps}`, file],
        ])
        const core: Record<string, number> = {}
        for (const skip of SKIPS) core[skip] = await costOf(file, skip)
        rows.push({ stream: `${codec} 1920x1080, ${fps} fps`, b_frames, core: core as CaptureBench['core'] })
      }
  rmSync(dir, { recursive: true })
  return rows
}

/** As a camera of 5 frames/s at 448x256 is captured. */
async function costOf(file: string, skip: (typeof SKIPS)[number]): Promise<number> {
  const decode = { hwaccel: 'none', skip }
  const source = { source: file, width: 448, height: 256, fps: 5, loop: false, pace: 'fast', decode } as const
  const { options, url } = inputOf(source)
  const seconds = await cpuSecondsOf([...options, '-i', url, '-an', ...outputOf(source), '/dev/null'])
  return Number((seconds / SECONDS).toFixed(3))
}
