/** `check-config` and `rebuild`. */
import { graphPath } from '../contract/bundle.js'
import { rebuild } from './archive/rebuild.js'
import { examine } from './config/load.js'
import { fit } from './fit.js'
import { headsOn } from './heads.js'
import { inPlaceOfUnsigned } from './proving.js'
import { usable } from './usable.js'

export async function checkConfig({ config: file }: { config: string }): Promise<void> {
  const { config, bundle } = await usable(examine(file), (config) => {
    const instead = inPlaceOfUnsigned(config)
    if (instead) console.error(`${file}: ${instead.why}: ${instead.id} is used in its place`)
    return fit(config, instead?.id)
  })
  const heads = config.cameras.flatMap((camera) => (camera.enabled ? headsOn(camera, bundle) : []))
  for (const graph of new Set(['encoder' as const, ...heads])) graphPath(bundle, graph)
  const cameras = config.cameras.map((c) => `${c.id} ${c.width}x${c.height} at ${c.fps} frames/s`).join(', ')
  console.log(
    `${file} is right: device ${config.device}, bundle ${bundle.manifest.id}, cameras: ${cameras}; broker: ${config.mqtt.url ?? 'embedded, on loopback'}`,
  )
}

export function rebuildArchive(files: string[], { stateDir }: { stateDir: string }): void {
  const { files: read, added, kept, damaged } = rebuild(files, stateDir, (line) => console.error(line))
  console.log(`${read} files: ${added} frames added, ${kept} were there, ${damaged} damaged places passed over`)
}
