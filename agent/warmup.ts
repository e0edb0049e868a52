/** `warmup`: opens the networks as `run` does, so that what an execution provider compiles of them is there before the service needs it. */
import type { Bundle } from '../contract/bundle.js'
import { type LoadedConfig, loadConfig } from './config/load.js'
import { enginesDir, giveEngines, ranOn, workerSetup } from './engines.js'
import { Engine } from './infer/engine.js'
import type { Opening } from './infer/messages.js'
import { offeredProviders } from './infer/onnx.js'
import { makeFolder } from './owner.js'
import { fitInstead } from './proving.js'
import { stopSignal } from './signals.js'

const EVERY_MS = 5000
const INTERRUPTED = 130

/** Progress goes to stderr, its last line to stdout. Exit code 1: a graph runs on another provider than on the first that is here. */
export async function warmup({ config: file }: { config: string }): Promise<void> {
  const config = loadConfig(file)
  const bundle = fitInstead(config, file)
  const ending = new AbortController()
  void stopSignal().then(() => ending.abort())
  try {
    const ran = await open(config, bundle, ending.signal)
    console.log(verdict(ran, config))
    if (!asWanted(ran, config)) process.exitCode = 1
  } catch (error) {
    if (!ending.signal.aborted) throw error
    // What is being built is written all the same, and later than now.
    process.once('exit', () => giveEngines(config.stateDir))
    console.error('stopped, once the step under way is done; Ctrl-C again: at once')
    process.exitCode = INTERRUPTED
  }
}

type Ran = Readonly<Record<string, string>>

async function open(config: LoadedConfig, bundle: Bundle, ending: AbortSignal): Promise<Ran> {
  const { stateDir } = config
  if (builds(config)) makeFolder(enginesDir(stateDir))
  const progress = new Progress((line) => console.error(line))
  const timer = setInterval(() => progress.goesOn(), EVERY_MS)
  const setup = workerSetup(config, bundle)
  const failed = () => {}
  try {
    const engine = await Engine.start(setup, enginesDir(stateDir), (text) => progress.note(text), failed, {
      ending,
      opens: (opening) => progress.opens(opening),
    })
    progress.done()
    await engine.stop()
    return engine.providers
  } finally {
    clearInterval(timer)
    giveEngines(stateDir)
  }
}

/** What is being done, and for how long it has been. */
export class Progress {
  private step: { readonly text: string; readonly sinceMs: number } | undefined

  constructor(
    private readonly say: (line: string) => void,
    private readonly nowMs = () => performance.now(),
  ) {}

  opens({ graph, number, of, size }: Opening): void {
    this.done()
    const what = size ? `first run at ${size.width}x${size.height}` : 'opening'
    this.step = { text: `graph ${number} of ${of}: ${graph}, ${what}`, sinceMs: this.nowMs() }
    this.say(this.step.text)
  }

  goesOn(): void {
    if (this.step) this.say(`${this.step.text}: ${this.seconds(0)} s so far`)
  }

  done(): void {
    if (this.step) this.say(`${this.step.text}: ${this.seconds(1)} s`)
    this.step = undefined
  }

  note(text: string): void {
    this.say(`note: ${text}`)
  }

  private seconds(digits: number): string {
    return ((this.nowMs() - this.step!.sinceMs) / 1000).toFixed(digits)
  }
}

const here = ({ providers }: LoadedConfig) => {
  const offered = offeredProviders()
  return providers.filter((provider) => offered.includes(provider))
}
const builds = (config: LoadedConfig) => here(config).includes('tensorrt')
const asWanted = (ran: Ran, config: LoadedConfig) =>
  Object.values(ran).every((provider) => provider === here(config)[0])

/** Which provider really ran each graph, and what there is to say of that. */
function verdict(ran: Ran, config: LoadedConfig): string {
  const why = asWanted(ran, config)
    ? builds(config)
      ? `engines are in ${enginesDir(config.stateDir)}`
      : 'nothing to be built ahead: only TensorRT does'
    : `and not on ${here(config)[0]}; the notes above say why`
  return `${ranOn(ran)}; ${why}`
}
