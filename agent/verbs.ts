/** `check-config` and `rebuild`. */
import { usableBundle } from './agent.js'
import { rebuild } from './archive/rebuild.js'
import { loadConfig } from './config/load.js'

export function checkConfig({ config: file }: { config: string }): void {
  const config = loadConfig(file)
  const { manifest } = usableBundle(config)
  const cameras = config.cameras.map((c) => `${c.id} ${c.width}x${c.height} at ${c.fps} frames/s`).join(', ')
  console.log(
    `${file} is right: device ${config.device}, bundle ${manifest.id}, cameras: ${cameras}; broker: ${config.mqtt.url ?? 'embedded, on loopback'}`,
  )
}

export function rebuildArchive(files: string[], { stateDir }: { stateDir: string }): void {
  const { files: read, added, kept, damaged } = rebuild(files, stateDir, (line) => console.error(line))
  console.log(`${read} files: ${added} frames added, ${kept} were there, ${damaged} damaged places passed over`)
}
