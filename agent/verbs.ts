/** `run`, `check-config` and `rebuild`. */
import { openBundle } from '../contract/bundle.js'
import { Agent } from './agent.js'
import { rebuild } from './archive/rebuild.js'
import { bundleDir } from './bundles.js'
import { loadConfig } from './config/load.js'
import { createLog } from './log.js'
import { Notifier } from './notify.js'

export async function run(options: { config: string }): Promise<void> {
  const config = loadConfig(options.config)
  const log = createLog(config.logLevel)
  const notifier = new Notifier(process.env, (text) => log.warn({}, text))
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const agent = new Agent(config, log, notifier, { failed: (error) => fail(error) })
  const signal = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  try {
    const name = await Promise.race([agent.start().then(() => signal), signal, failed])
    log.info({ signal: name }, 'stopping')
  } finally {
    await agent.stop()
  }
  log.info({}, 'stopped')
}

export function checkConfig({ config: file }: { config: string }): void {
  const config = loadConfig(file)
  const { manifest } = openBundle(bundleDir(config.bundle))
  const cameras = config.cameras.map((c) => `${c.id} ${c.width}x${c.height} at ${c.fps} frames/s`).join(', ')
  console.log(
    `${file} is right: device ${config.device}, bundle ${manifest.id}, cameras: ${cameras}; broker: ${config.mqtt.url ?? 'embedded, on loopback'}`,
  )
}

export function rebuildArchive(files: string[], { stateDir }: { stateDir: string }): void {
  const { files: read, added, kept, damaged } = rebuild(files, stateDir, (line) => console.error(line))
  console.log(`${read} files: ${added} frames added, ${kept} were there, ${damaged} damaged places passed over`)
}
