/** The retained info message: what runs on this box, and with which hashes. */
import type { z } from 'zod'
import type { Bundle } from '../contract/bundle.js'
import type { InfoMessage } from '../contract/messages.js'
import type { LoadedConfig } from './config/load.js'
import { headsOn } from './heads.js'
import { version } from './version.js'

interface Run {
  readonly boot: string
  readonly session: string
  /** Execution provider that really runs, by graph; empty while the networks are being opened. */
  readonly providers: Record<string, string>
}

export function infoMessage({ device, cameras }: LoadedConfig, bundle: Bundle, run: Run) {
  const { manifest, sha256 } = bundle
  const files = Object.entries(manifest.files).map(([file, { sha256: hash }]) => [file, hash.slice(0, 16)])
  return {
    v: 1,
    dev: device,
    version,
    ...run,
    bundle: { id: manifest.id, sha256, files: Object.fromEntries(files) as Record<string, string> },
    cameras: cameras.map((camera) => {
      const { id, width, height, fps } = camera
      return { id, width, height, fps, heads: [...headsOn(camera, bundle)] }
    }),
  } satisfies z.infer<typeof InfoMessage>
}
