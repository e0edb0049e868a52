/** The box that `init` runs on: its cameras, its bundle, its disk. */
import { statfsSync } from 'node:fs'
import { openBundle } from '../contract/bundle.js'
import { bundleDir, DEFAULT_BUNDLE } from './bundles.js'
import { findDevices } from './capture/devices.js'
import { probe } from './capture/probe.js'
import { messageOf } from './errors.js'
import { fit } from './fit.js'
import type { Box } from './init/box.js'
import type { BrokerDraft, CameraDraft, Draft } from './init/draft.js'
import { nearestFolder } from './init/out.js'
import { loaded } from './init/text.js'
import { tryBroker } from './try-broker.js'

const ANY: CameraDraft = { id: 'camera', source: '/dev/video0', width: 64, height: 64, fps: 1 }

export class ThisBox implements Box {
  readonly devices = () => findDevices()
  private readonly manifest = openBundle(bundleDir(DEFAULT_BUNDLE)).manifest
  readonly multiple = this.manifest.latent.multiple
  readonly classes = this.manifest.analyse?.presence ?? []
  readonly archive
  readonly stateDir

  constructor(stateDir: string | undefined) {
    const usual = loaded({ stateDir, cameras: [ANY] })
    this.archive = usual.archive
    this.stateDir = usual.stateDir
  }

  async probe({ source, username, password, inputFormat, inputSize }: Parameters<Box['probe']>[0]) {
    const camera = { ...ANY, source, username, password, inputFormat, inputSize }
    const config = withoutFault(() => loaded({ cameras: [camera] }))
    if ('fault' in config) return { ok: false, reason: config.fault, login: false } as const
    return probe(config.done.cameras[0]!)
  }

  reach(broker: BrokerDraft) {
    return tryBroker(loaded({ cameras: [ANY], broker }))
  }

  faultOf(draft: Draft): string | undefined {
    const fitted = withoutFault(() => fit(loaded(draft)))
    return 'fault' in fitted ? fitted.fault : undefined
  }

  freeBytes(): number | undefined {
    try {
      const { bavail, bsize } = statfsSync(nearestFolder(this.stateDir))
      return bavail * bsize
    } catch {
      return undefined
    }
  }
}

/** The first fault, without file and line of a text that nobody has seen. */
function withoutFault<T>(work: () => T): { done: T } | { fault: string } {
  try {
    return { done: work() }
  } catch (error) {
    return {
      fault: messageOf(error)
        .split('\n')[0]!
        .replace(/^:\d+: /, ''),
    }
  }
}
