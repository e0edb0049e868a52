/** `doctor`: tries everything the agent needs, and says what to do about what does not work. */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Bundle } from '../contract/bundle.js'
import { shownSource } from './address.js'
import { setAsideFiles, unmetLimits } from './archive/room.js'
import { Camera } from './capture/camera.js'
import { Clock } from './clock.js'
import { examine, type LoadedConfig, parseConfig } from './config/load.js'
import type { Camera as CameraConfig } from './config/schema.js'
import { ConfigError } from './config/wrong.js'
import { demoClip } from './demo/demo.js'
import { jetson } from './doctor/jetson.js'
import { type Check, thisMachine } from './doctor/machine.js'
import { enginesDir, giveEngines, ranOn, workerSetup } from './engines.js'
import { messageOf } from './errors.js'
import { fit } from './fit.js'
import { Engine } from './infer/engine.js'
import { offeredProviders } from './infer/onnx.js'
import { silentLog } from './log.js'
import { scratchFolder } from './scratch.js'
import { tryBroker } from './try-broker.js'
import { usable } from './usable.js'

const FRAME_WITHIN_MS = 15_000
/** What a camera costs is measured over this long. */
const COST_MS = 3000
/** Share of a core from which there is something to say about it. */
const DEAR = 0.25

export async function doctor(options: { config?: string; json?: boolean }): Promise<void> {
  const checks: Check[] = []
  const show = (check: Check) => {
    checks.push(check)
    const text = check.text.replaceAll('\n', `\n${' '.repeat(21)}`)
    if (!options.json) console.log(`${check.ok ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(14)} ${text}`)
  }
  const check = async (name: string, test: () => Promise<string> | string) => {
    try {
      show({ name, ok: true, text: await test() })
    } catch (error) {
      // Of a configuration every line is one more that is wrong with it.
      const text = error instanceof ConfigError ? error.message : messageOf(error).split('\n')[0]!
      show({ name, ok: false, text })
    }
  }
  let config: LoadedConfig | undefined
  await check('configuration', async () => {
    config = options.config ? await given(options.config) : sampleConfig()
    return options.config
      ? `${options.config} is right`
      : 'none given (--config FILE); checking with the demo clip and default settings'
  })
  await check('node', () => `${process.version} on ${process.platform} ${process.arch}`)
  await check('ffmpeg', ffmpegVersion)
  if (config) await checkParts(config, check)
  if (config) for (const one of await jetson(thisMachine(), { ...config, offered: offeredProviders() })) show(one)
  if (options.json) console.log(JSON.stringify({ ok: checks.every((c) => c.ok), checks }))
  process.exitCode = checks.every((c) => c.ok) ? 0 : 1
}

/** What its bundle has not, or this box, is said below. @throws {ConfigError} then with that */
async function given(file: string): Promise<LoadedConfig> {
  const examined = examine(file)
  return examined.error ? (await usable(examined)).config : examined.config
}

async function checkParts(
  config: LoadedConfig,
  check: (name: string, test: () => Promise<string> | string) => Promise<void>,
): Promise<void> {
  let bundle: Bundle | undefined
  await check('bundle', () => {
    bundle = fit(config)
    return `${bundle.manifest.id}, SHA-256 ${bundle.sha256.slice(0, 16)}…`
  })
  await check('providers', async () => (bundle ? tryProviders(config, bundle) : 'no bundle to run'))
  for (const camera of config.cameras.filter((c) => c.enabled))
    await check(`camera ${camera.id}`, () => capture(camera))
  await check('disk', () => disk(config))
  await check('clock', async () => {
    const clock = new Clock(config.clock.trust)
    await clock.watch()
    return clock.now().known ? clock.why : `${clock.why}: age limits do not apply (clock.trust, if it is right)`
  })
  await check('archive', () => archive(config))
  await check('broker', () => tryBroker(config))
}

/** Nothing is made here: doctor may run as another user than the service. */
function disk(config: LoadedConfig): string {
  let dir = config.stateDir
  while (!existsSync(dir)) dir = dirname(dir)
  accessSync(dir, constants.W_OK)
  const { bavail, bsize } = statfsSync(dir)
  const free = (bavail * bsize) / 1e6
  const { minFreeMegabytes, maxMegabytes } = config.archive
  const [unmet] = unmetLimits({ maxBytes: maxMegabytes * 1e6, minFreeBytes: minFreeMegabytes * 1e6 }, config.stateDir)
  if (unmet?.minFreeBytes !== undefined) throw new Error(unmet.text)
  if (free < minFreeMegabytes)
    throw new Error(
      `${config.stateDir}: ${free.toFixed(0)} MB free, archive.minFreeMegabytes is ${minFreeMegabytes}; make room, or the oldest frames go`,
    )
  return `${config.stateDir}: writable, ${(free / 1000).toFixed(1)} GB free${unmet ? `; ${unmet.text}` : ''}`
}

function archive({ stateDir }: LoadedConfig): string {
  const owner = statSync(stateDir, { throwIfNoEntry: false })?.uid
  const names = owner === undefined ? [] : readdirSync(stateDir).filter((name) => /^(lock|archive\.sqlite)/.test(name))
  const strange = names.filter((name) => statSync(join(stateDir, name)).uid !== owner)
  if (strange.length > 0)
    throw new Error(
      `${strange.join(', ')} in ${stateDir} belong to another user than the directory, which locks the service out: sudo chown -R --reference=${stateDir} ${stateDir}`,
    )
  return setAsideFiles(stateDir).join('; ') || (names.length > 0 ? 'nothing was set aside' : 'none yet')
}

async function ffmpegVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)('ffmpeg', ['-version']).catch(() => {
    throw new Error('not found; install it: sudo apt-get install ffmpeg')
  })
  return stdout.split('\n')[0]!.split(' Copyright')[0]!
}

async function tryProviders(config: LoadedConfig, bundle: Bundle): Promise<string> {
  const notes = new Set<string>() // every graph says the same of a provider
  const { stateDir } = config
  const nothing = () => {}
  const note = (text: string) => notes.add(text)
  const engine = await Engine.start(workerSetup(config, bundle), enginesDir(stateDir), note, nothing).finally(() =>
    giveEngines(stateDir),
  )
  await engine.stop()
  return `ONNX Runtime offers ${offeredProviders().join(', ')}; ${ranOn(engine.providers)}${notes.size ? ` (${[...notes].join('; ')})` : ''}`
}

/** Waits for frames, and then for a while, to see what they cost. */
function capture(config: CameraConfig): Promise<string> {
  return new Promise((resolve, reject) => {
    const shown = shownSource(config.source)
    let ended = false
    const finish = async (end: () => void) => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      await camera.stop()
      end()
    }
    let reason = 'nothing came'
    let costs: NodeJS.Timeout | undefined
    const camera = new Camera({ ...config, pace: 'realtime', loop: true }, silentLog, {
      frameReady() {
        if (costs) return
        const before = { ms: performance.now(), cpuMs: camera.captureCpuMs() }
        costs = setTimeout(async () => {
          if (camera.state.state !== 'online')
            return finish(() => reject(new Error(`${shown}: ${camera.state.reason}`)))
          const cpuMs = camera.captureCpuMs()
          const share =
            cpuMs === undefined || before.cpuMs === undefined
              ? undefined
              : (cpuMs - before.cpuMs) / (performance.now() - before.ms)
          // Started again meanwhile, it is another process.
          const advice = share === undefined || share < 0 ? '' : await costOf(share, config)
          const stream = camera.stream ? ` from ${camera.stream}` : ''
          const text = `${shown}: frames of ${config.width}x${config.height} arrive${stream}${advice}`
          await finish(() => resolve(text))
        }, COST_MS)
      },
      stateChanged: ({ state }) => {
        if (state.state !== 'online' && state.reason !== 'the agent stopped') reason = state.reason
      },
    })
    const timer = setTimeout(() => {
      if (!costs) void finish(() => reject(new Error(`${shown}: ${reason}`)))
    }, FRAME_WITHIN_MS)
    camera.start()
  })
}

/** @param share of a core */
export async function costOf(share: number, { decode }: Pick<CameraConfig, 'decode'>): Promise<string> {
  const takes = `; decoding and scaling take ${Math.round(100 * share)} % of a core`
  if (share < DEAR) return takes
  const { stdout = '' } = await promisify(execFile)('ffmpeg', ['-hide_banner', '-hwaccels']).catch(() => ({
    stdout: '',
  }))
  const offered = stdout.split('\n').slice(1).filter(Boolean)
  const ways = [
    "the camera's sub-stream",
    ...(decode.skip === 'nokey' ? [] : ['decode: {skip: nokey}, with the camera set to a keyframe a second']),
    ...(decode.hwaccel === 'none' && offered.length > 0
      ? [`decode: {hwaccel: …} (this ffmpeg knows ${offered.join(', ')}; whether the box has it shows when you try)`]
      : []),
  ]
  return `${takes}: less with ${ways.join(', or ')} (docs/how-to/cameras.md)`
}

function sampleConfig(): LoadedConfig {
  const stateDir = scratchFolder('blindsight-doctor-') ?? '/var/lib/blindsight'
  if (stateDir.includes('blindsight-doctor-'))
    process.once('exit', () => rmSync(stateDir, { recursive: true, force: true }))
  return parseConfig(JSON.stringify({ stateDir, cameras: [{ id: 'demo', source: demoClip() }] }), 'doctor')
}
