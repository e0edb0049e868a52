/**
 * `npm run bench:codec [-- --clips DIR --stills DIR --bundle ID --frames N --no-video]`: a table on stderr, JSON on stdout.
 *
 * Sizes are of whole files (records, index blocks), and of payloads alone. Ratios are against `static` in the same measure.
 */
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleDir, DEFAULT_BUNDLE } from '../../../agent/bundles.js'
import { PROFILES } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { codingOf } from '../../../contract/coding.js'
import { packageRoot } from '../../../contract/package-root.js'
import { general } from './general.js'
import { clips, type Material, stills } from './material.js'
import { bufferBytes, measure, type OwnResult } from './ours.js'
import { decoderPsnr, video } from './video.js'

const { values } = parseArgs({
  options: {
    clips: { type: 'string', default: join(packageRoot(), '..', 'shared', 'clips') },
    stills: { type: 'string', default: join(packageRoot(), '..', 'data', 'imagenet20-160', 'val') },
    bundle: { type: 'string', default: DEFAULT_BUNDLE },
    frames: { type: 'string', default: '300' },
    'no-video': { type: 'boolean', default: false },
  },
})

/** 5 s at 10 frames a second. */
const INTERVAL = 50
const STILLS = 500
/** Every n-th frame of a clip is coded for itself to measure keyframes. */
const KEYFRAME_STEP = 5

const say = (line: string) => console.error(line)

async function main(): Promise<void> {
  const bundle = openBundle(bundleDir(values.bundle))
  const coding = codingOf(bundle)
  const modelMb = bufferBytes(coding) / 1e6
  const { stride, levels } = bundle.manifest.latent
  const moving = await clips(values.clips, bundle, Number(values.frames))
  const still = await stills(values.stills, bundle, STILLS)

  const ours = (material: Material, interval: number) => {
    const profiles = PROFILES.map((profile) => measure(material, profile, coding, stride, interval))
    table(`${material.name}, ${interval === 1 ? 'each for itself' : `a key every ${interval}`}`, material, profiles)
    return Object.fromEntries(profiles.map((result) => [result.profile, rounded(result, profiles[0])]))
  }
  const rivals = (material: Material) => {
    const results = general(material.symbols, levels)
    for (const { name, bytes } of results) say(line(name, (8 * bytes) / pixelsOf(material), bytes))
    return Object.fromEntries(results.map((result) => [result.name, result]))
  }

  say(
    `bundle ${bundle.manifest.id}, one core of ${cpus()[0]?.model}, Node ${process.version}, context model ${modelMb.toFixed(1)} MB; load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`,
  )
  const report: Record<string, unknown> = {
    bundle: bundle.manifest.id,
    cpu: cpus()[0]?.model,
    node: process.version,
    modelMb,
  }
  report.stills = { count: STILLS, ours: ours(still, 1), general: rivals(still) }
  const whole: Record<string, Awaited<ReturnType<typeof ours>>> = {}
  for (const clip of moving) {
    const keys = (list: readonly Uint8Array[]) => list.filter((_, i) => i % KEYFRAME_STEP === 0)
    const keyframes = ours(
      { ...clip, name: `${clip.name} keyframes`, frames: keys(clip.frames), symbols: keys(clip.symbols) },
      1,
    )
    whole[clip.name] = ours(clip, INTERVAL)
    const others = rivals(clip)
    const result: Record<string, unknown> = {
      frames: clip.frames.length,
      whole: whole[clip.name],
      keyframes,
      general: others,
    }
    if (!values['no-video']) {
      const films = video(clip, INTERVAL, Number(whole[clip.name].max.fileBpp))
      const psnr = await decoderPsnr(clip, bundle, KEYFRAME_STEP)
      for (const { name, crf, bpp, psnr } of films)
        say(`  ${`${name} crf ${crf}`.padEnd(12)}${bpp.toFixed(4).padStart(9)} bpp   PSNR ${psnr.toFixed(1)} dB`)
      say(`  latent's own decoder: PSNR ${psnr.toFixed(1)} dB`)
      result.video = films
      result.latentPsnr = psnr
    }
    report[clip.name] = result
  }
  const meanOf = (profile: string) =>
    moving.reduce((sum, { name }) => sum + Number(whole[name][profile].fileOverStatic), 0) / moving.length
  report.meanWholeOverStatic = { fast: meanOf('fast'), max: meanOf('max') }
  say(
    `whole clips, mean over static: fast ${meanOf('fast').toFixed(3)} (target 0.3), max ${meanOf('max').toFixed(3)} (target 0.22)`,
  )
  say('every frame decoded to the symbols that were encoded')
  console.log(JSON.stringify(report))
}

const pixelsOf = ({ width, height, symbols }: Material) => width * height * symbols.length

function rounded(result: OwnResult, base: OwnResult) {
  const short = (x: number) => Number(x.toPrecision(4))
  const { profile: _, ...figures } = result
  return {
    ...Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, short(value)])),
    payloadOverStatic: short(result.payloadBytes / base.payloadBytes),
    fileOverStatic: short(result.fileBytes / base.fileBytes),
  } as Record<string, number>
}

function table(title: string, material: Material, results: readonly OwnResult[]): void {
  say(`\n${title} (${material.symbols.length} frames of ${material.width}x${material.height})`)
  say('               bpp  / static   payload  / static   encode    decode ms a frame (worst)    coder MB')
  const [base] = results
  for (const r of results) {
    const own = `${(r.fileBytes / base.fileBytes).toFixed(3).padStart(9)}`
    const payload = `${r.payloadBpp.toFixed(4).padStart(10)}${(r.payloadBytes / base.payloadBytes).toFixed(3).padStart(10)}`
    const times = `${ms(r.encodeMs, r.encodeWorstMs)}${ms(r.decodeMs, r.decodeWorstMs)}`
    say(
      `  ${r.profile.padEnd(12)}${r.fileBpp.toFixed(4).padStart(7)}${own}${payload}${times}${r.encoderMb.toFixed(1).padStart(10)}`,
    )
  }
}

const ms = (mean: number, worst: number) => `${mean.toFixed(2).padStart(8)} ${`(${worst.toFixed(2)})`.padEnd(8)}`
const line = (name: string, bpp: number, bytes: number) =>
  `  ${name.padEnd(12)}${bpp.toFixed(4).padStart(7)}   ${bytes} bytes, one stream`

main().catch((error: Error) => {
  console.error(`bench:codec: ${error.message}`)
  process.exitCode = 1
})
