/**
 * What somebody would set up instead, on the same clip at the same rate: ffmpeg decodes it once, keeps it as H.264 (x264, veryfast) and gives RGB pictures
 * to a detector of YOLOX-nano's size at 416x416. Processor time for an hour of one camera; no motion gate, no archive beside the files, no MQTT.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Graph } from '../../agent/infer/onnx.js'
import { packageRoot } from '../../contract/package-root.js'
import { cpuSecondsOf } from './ffmpeg.js'

const FPS = 5
const SECONDS = 20
const SIDE = 416
const RUNS = 20

export interface PeerBench {
  readonly what: string
  readonly network_ms: number
  readonly cpu_s_per_camera_hour: { readonly ffmpeg: number; readonly network: number }
}

export async function benchPeer(clip: string, threads: number): Promise<PeerBench> {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-bench-'))
  const ffmpegSeconds = await cpuSecondsOf([
    ...['-stream_loop', '-1', '-i', clip, '-t', `${SECONDS}`],
    ...[
      '-filter_complex',
      `fps=${FPS},split[a][b];[a]scale=448:256[video];[b]scale=${SIDE}:${SIDE},format=rgb24[pictures]`,
    ],
    ...['-map', '[video]', '-c:v', 'libx264', '-preset', 'veryfast', join(dir, 'kept.mp4')],
    ...['-map', '[pictures]', '-f', 'rawvideo', '-t', `${SECONDS}`, '/dev/null'],
  ])
  rmSync(dir, { recursive: true })
  const network = await Graph.open(
    join(packageRoot(), 'test/bench/yolox-nano.onnx'),
    { providers: ['cpu'], threads, note: () => {} },
    [],
  )
  const picture = { data: new Float32Array(3 * SIDE * SIDE).fill(0.5), dims: [1, 3, SIDE, SIDE] }
  for (let i = 0; i < 3; i++) await network.run(picture)
  const [before, started] = [process.cpuUsage(), performance.now()]
  for (let i = 0; i < RUNS; i++) await network.run(picture)
  const ms = (performance.now() - started) / RUNS
  const cpu = process.cpuUsage(before)
  await network.release()
  return {
    what: `x264 veryfast + YOLOX-nano's shape at ${SIDE}x${SIDE}, ${FPS} frames/s`,
    network_ms: Number(ms.toFixed(2)),
    cpu_s_per_camera_hour: {
      ffmpeg: Math.round((ffmpegSeconds / SECONDS) * 3600),
      network: Math.round(((cpu.user + cpu.system) / 1e6 / RUNS) * FPS * 3600),
    },
  }
}
