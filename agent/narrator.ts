/** What somebody sees who starts `run` at a terminal: what to do next, and what the cameras see. A service has no terminal, and its log is as it was. */
import { quoted, typed } from '../contract/command-line.js'
import type { LoadedConfig } from './config/load.js'
import { clockOf, eventLines } from './event-lines.js'
import { Lines } from './lines.js'
import type { Committed } from './pipeline.js'

/** What `subscribe` asks where nobody says otherwise. */
const USUAL = { broker: 'mqtt://127.0.0.1:1883', base: 'blindsight' }

export interface Running {
  readonly config: Pick<LoadedConfig, 'device' | 'cameras' | 'mqtt'>
  readonly brokerUrl: string
  /** Whether the bundle says what comes and goes. */
  readonly tellsEvents: boolean
}

export class Narrator {
  private readonly begun = new Set<string>()
  private introduced = false

  constructor(
    private readonly file: string,
    private readonly say: (line: string) => void,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Once a process: it stands above whatever comes. */
  running({ config, brokerUrl, tellsEvents }: Running): void {
    if (this.introduced) return
    this.introduced = true
    const ids = config.cameras.flatMap(({ id, enabled }) => (enabled ? [id] : []))
    const status = typed('status', this.file)
    const subscribe = typed(subscribing(config, brokerUrl, tellsEvents))
    const width = Math.max(status.length, subscribe.length)
    for (const line of [
      '',
      `${config.device} watches ${ids.join(', ') || 'no camera: all are off'}; ${tellsEvents ? 'what comes and goes is said here' : 'its bundle does not say what comes and goes'}. Ctrl-C stops it.`,
      'in another terminal:',
      `  ${status.padEnd(width)}   how it is`,
      `  ${subscribe.padEnd(width)}   what it publishes`,
      '',
    ])
      this.say(line)
  }

  committed({ cam, record }: Pick<Committed, 'cam'> & { readonly record: Pick<Committed['record'], 'events'> }): void {
    if (!this.begun.has(cam)) this.say(`${clockOf(this.now().toISOString())} ${cam}: pictures come`)
    this.begun.add(cam)
    for (const line of eventLines(record.events ?? [], `${cam}: `)) this.say(line)
  }
}

/** Nobody, where no terminal is. */
export function narratorAt({ isTTY }: { readonly isTTY?: boolean }, file: string): Narrator | undefined {
  if (!isTTY) return undefined
  const lines = new Lines(1) // a terminal that is gone ends nothing
  return new Narrator(file, (line) => lines.write(`${line}\n`))
}

function subscribing({ device, mqtt }: Running['config'], brokerUrl: string, tellsEvents: boolean): string {
  const { base, username, caFile, certFile, keyFile } = mqtt
  const options = {
    device,
    broker: brokerUrl === USUAL.broker ? undefined : brokerUrl,
    base: base === USUAL.base ? undefined : base,
    username,
    ca: caFile,
    cert: certFile,
    key: keyFile,
  }
  const said = Object.entries(options).flatMap(([name, value]) => (value ? [`--${name} ${quoted(value)}`] : []))
  return ['subscribe', ...(tellsEvents ? ['--events'] : []), ...said].join(' ')
}
