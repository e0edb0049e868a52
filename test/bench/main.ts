/** `npm run bench [-- --only agent,archive --bundle ID --threads N --cameras N --seconds S --clips DIR --rows N,N]`: tables on stderr and one JSON object on stdout. */
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { demoClip } from '../../agent/demo/demo.js'
import { benchAgent } from './agent.js'
import { archiveRows, benchArchive } from './archive.js'
import { benchCameras } from './cameras.js'
import { benchCapture } from './capture.js'
import { benchCodec } from './codec.js'
import { benchMemory } from './memory.js'
import { benchPeer } from './peer.js'
import { benchWorkers } from './workers.js'

/** Minutes on a slow machine: only where it is asked for. */
const SELDOM = new Set(['capture', 'workers'])

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: DEFAULT_BUNDLE },
    /** Of the networks; without it one per core, and the agent's as it chooses them. */
    threads: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    /** How many the box watches in (d). */
    cameras: { type: 'string', default: '4' },
    /** As in the configuration. */
    precision: { type: 'string', default: 'auto' },
    clips: { type: 'string' },
    only: { type: 'string' },
    /** Frames of the archives. */
    rows: { type: 'string', default: '10000,200000' },
    /** Where they are made. */
    dir: { type: 'string', default: tmpdir() },
  },
})
const MAX_SECONDS = 20
const threads = Number(values.threads ?? availableParallelism())
/** As in the configuration. */
const agentThreads = Number(values.threads ?? 0)
const { bundle, clips } = values
const precision = values.precision === 'float' ? 'float' : 'auto'
if (precision !== values.precision) throw new Error(`--precision ${values.precision}: expected auto or float`)
type Row = readonly [what: string, figure: string, note?: string]

const parts: Record<string, () => Promise<{ rows: Row[]; figures: object }>> = {
  // First: its memory is that of the process.
  async cameras() {
    const cameras = await benchCameras({
      bundle,
      threads: agentThreads,
      seconds: Number(values.seconds),
      cameras: Number(values.cameras),
      clips,
    })
    const { frames_in, frames_archived, frames_dropped, capture_to_puback_ms: ms, cpu_s_per_camera_hour: cpu } = cameras
    const rows: Row[] = [
      [
        `(d) ${cameras.cameras} cameras at ${cameras.fps} frames/s, ${cameras.seconds} s`,
        `${frames_in} in`,
        `${frames_archived} archived, ${cameras.frames_acknowledged} acknowledged, ${frames_dropped} dropped (target 0)`,
      ],
      [
        '    the heads looked at',
        percent(cameras.looked_at),
        `unchanged ${percent(cameras.unchanged)}, between looks ${percent(cameras.between_looks)}, short of time ${percent(cameras.short_of_time)}`,
      ],
      ['    capture to PUBACK, p50', `${ms.p50} ms`, `p99 ${ms.p99} (target at most 1000), most ${ms.most}`],
      [
        '    processor, per camera-hour',
        `${cpu.capture + cpu.agent} s`,
        `ffmpeg ${cpu.capture}, agent ${cpu.agent}; ${cameras.cores} cores busy; ${cameras.peak_rss_mb} MB`,
      ],
    ]
    return { rows, figures: cameras }
  },
  async max() {
    const one = await benchCameras({
      bundle,
      threads: agentThreads,
      seconds: MAX_SECONDS,
      cameras: 1,
      coding: 'max',
      clips,
    })
    const { frames_in, frames_archived, frames_dropped, frames_acknowledged, capture_to_puback_ms: ms } = one
    const rows: Row[] = [
      [
        `    one camera, \`max\` coding, ${one.fps} frames/s, ${one.seconds} s`,
        `${frames_in} in`,
        `${frames_archived} archived, ${frames_acknowledged} acknowledged, ${frames_dropped} dropped (target 0)`,
      ],
      [
        '    its capture to PUBACK, p50',
        `${ms.p50} ms`,
        `p99 ${ms.p99} (target at most 1000), most ${ms.most}; looked at ${percent(one.looked_at)}; ${one.cores} cores busy`,
      ],
    ]
    return { rows, figures: one }
  },
  async memory() {
    const memory = await benchMemory({ bundle, threads: agentThreads, clip: demoClip() })
    const { agent, ffmpeg, all } = memory.each_further_mb
    const rows = memory.by_cameras.map(({ cameras, all_mb, agent_mb, ffmpeg_mb, most_mb }): Row => {
      const target = cameras === 1 ? ' (target at most 300)' : ''
      return [
        `resident after ${memory.seconds} s, ${cameras} ${cameras === 1 ? 'camera' : 'cameras'}`,
        `${all_mb} MB`,
        `agent ${agent_mb}, ffmpeg ${ffmpeg_mb}, most ${most_mb}${target}`,
      ]
    })
    rows.push(['    each further camera', `${all} MB`, `agent ${agent}, ffmpeg ${ffmpeg} (target at most 25)`])
    return { rows, figures: memory }
  },
  async codec() {
    const codec = benchCodec()
    const rate = (symbols: number) => `${(symbols / 1e6).toFixed(0)} M symbols/s`
    const rows: Row[] = [
      ['entropy coder, encode', rate(codec.symbols_per_s_encode), '(target at least 40)'],
      ['entropy coder, decode', rate(codec.symbols_per_s_decode), '(target at least 40)'],
      ['entropy coder, size over entropy', codec.size_over_entropy.toFixed(4), '(target at most 1.005 + 16 bytes)'],
    ]
    return { rows, figures: codec }
  },
  async agent() {
    const agent = await benchAgent(bundle, threads, agentThreads, precision)
    const rows: Row[] = [
      [
        `(a) encode + ${agent.heads.join(' + ')} + code + commit`,
        `${agent.a_agent_ms} ms`,
        `a / b = ${agent.a_over_b} (target at most 0.45)`,
      ],
      [
        '    the same, gated, mean of the clip',
        `${agent.gated_ms} ms`,
        `/ b = ${agent.gated_over_b} (target at most 0.25); looked at ${percent(agent.gated_looked_at)}`,
      ],
      ['(b) ResNet-50 on RGB', `${agent.b_resnet50_ms} ms`, `c / b = ${agent.c_over_b} (target at most 0.4)`],
      [
        '(c) bare ONNX Runtime of (a)',
        `${agent.c_bare_sessions_ms} ms`,
        `a / c = ${agent.a_over_c} (target at most 1.08); processor ${agent.a_cpu_ms} / ${agent.c_cpu_ms} ms = ${agent.a_over_c_cpu}`,
      ],
      [
        '    the same in float',
        `${agent.c_float_ms} ms`,
        `/ b = ${agent.c_float_over_b}; (a) and (c) are in ${agent.precision}`,
      ],
    ]
    return { rows, figures: agent }
  },
  async workers() {
    const workers = await benchWorkers(bundle, threads, precision)
    const one = workers.one_thread.ms
    const row = (what: string, { ms, cpu_ms }: { ms: number; cpu_ms: number }): Row => [
      what,
      `${ms} ms`,
      `${(ms / one).toFixed(2)} of the first, processor ${cpu_ms} ms`,
    ]
    const rows = [
      row('    networks, a frame: all in one thread', workers.one_thread),
      row('    … and four cameras in one batch', workers.one_thread_batch_of_4),
      row('    encoder and heads apart, heads on one core', workers.encoder_and_heads),
      row('    … and the encoder, too', workers.encoder_and_heads_of_one_thread),
      row('    a worker with both for each core', workers.worker_per_core),
    ]
    return { rows, figures: workers }
  },
  async archive() {
    const archive = benchArchive(values.rows.split(',').map(Number), values.dir)
    return { rows: archiveRows(archive), figures: archive }
  },
  async peer() {
    const peer = await benchPeer(demoClip(), threads)
    const { ffmpeg, network } = peer.cpu_s_per_camera_hour
    const rows: Row[] = [
      [
        `(f) ${peer.what}`,
        `${ffmpeg + network} s`,
        `ffmpeg ${ffmpeg}, network ${network}, ${peer.network_ms} ms a picture`,
      ],
    ]
    return { rows, figures: peer }
  },
  async capture() {
    const streams = await benchCapture()
    const rows = streams.map(
      ({ stream, b_frames, core }): Row => [
        `${stream}, ${b_frames} B-frames`,
        `${percent(core.none)} of a core`,
        `skip: nonref ${percent(core.nonref)}, nokey ${percent(core.nokey)}`,
      ],
    )
    return { rows, figures: streams }
  },
}

const percent = (share: number) => `${Math.round(100 * share)} %`

const asked = values.only?.split(',')
const wanted = Object.keys(parts).filter((name) => (asked ? asked.includes(name) : !SELDOM.has(name)))
const unknown = asked?.filter((name) => !parts[name]) ?? []
if (unknown.length > 0) throw new Error(`--only ${unknown.join()}: expected some of ${Object.keys(parts).join()}`)
console.error(`448x256, ${bundle}, ${threads} threads, ${cpus()[0]?.model}`)
const result: Record<string, object> = {}
for (const name of wanted) {
  const { rows, figures } = await parts[name]!()
  for (const [what, figure, note = ''] of rows) console.error(`${what.padEnd(52)}${figure.padStart(18)}   ${note}`)
  result[name] = figures
}
console.log(JSON.stringify(result))
