/** `check-config` and `rebuild`. */
import { graphPath } from '../contract/bundle.js'
import { rebuild } from './archive/rebuild.js'
import { faultOf, isLocal, pathOf } from './capture/source.js'
import { examine, type LoadedConfig, wrongConfig } from './config/load.js'
import { ConfigError, type Wrong } from './config/wrong.js'
import { headsOn } from './heads.js'
import { fitInstead } from './proving.js'
import { usable } from './usable.js'

export async function checkConfig({ config: file }: { config: string }): Promise<void> {
  const examined = examine(file)
  const later = examined.config ? notNow(examined.config) : []
  const warn = (wrongs: readonly Wrong[] = []) => {
    // What is wrong there will not be right later.
    for (const { line, text } of later) if (!wrongs.some((one) => one.line === line)) console.error(`warning: ${text}`)
  }
  const { config, bundle } = await usable(examined, (config) => fitInstead(config, file)).catch((error) => {
    warn(error instanceof ConfigError ? error.wrongs : [])
    throw error
  })
  warn()
  const heads = config.cameras.flatMap((camera) => (camera.enabled ? headsOn(camera, bundle) : []))
  for (const graph of new Set(['encoder' as const, ...heads])) graphPath(bundle, graph)
  const cameras = config.cameras.map((c) => `${c.id} ${c.width}x${c.height} at ${c.fps} frames/s`).join(', ')
  console.log(
    `${file} is right: device ${config.device}, bundle ${bundle.manifest.id}, cameras: ${cameras}; broker: ${config.mqtt.url ?? 'embedded, on loopback'}`,
  )
}

/** Sources out of which nothing would come now: no fault, since a camera may be plugged in later, and a disk mounted. */
function notNow(config: LoadedConfig): readonly Wrong[] {
  const faults = config.cameras.flatMap(({ id, source, enabled }, i) => {
    const why = enabled && isLocal(source) && faultOf(pathOf(source))
    const path = ['cameras', i, 'source']
    return why
      ? [
          {
            path,
            text: `${path.join('.')}: camera ${id}: ${pathOf(source)}: ${why}; the box tries again until frames come`,
          },
        ]
      : []
  })
  return wrongConfig(config, faults).wrongs
}

export function rebuildArchive(files: string[], { stateDir }: { stateDir: string }): void {
  const { files: read, added, kept, damaged } = rebuild(files, stateDir, (line) => console.error(line))
  console.log(`${read} files: ${added} frames added, ${kept} were there, ${damaged} damaged places passed over`)
}
