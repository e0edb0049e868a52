/** The bundle that a start uses: the chosen one, as long as it runs with this configuration; else the one before it. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from '../contract/bundle.js'
import { BundleError } from '../contract/bundle.js'
import { bundleDir } from './bundles.js'
import type { LoadedConfig } from './config/load.js'
import { AgentError, messageOf } from './errors.js'
import { fit } from './fit.js'
import type { Log } from './log.js'
import { unsigned } from './signed.js'
import { chosen, type May, wayBack } from './updates/choice.js'
import { Trial } from './updates/trial.js'

export class Proving {
  private trial: Trial | undefined
  /** By the latest configuration. */
  private may: May = () => true

  constructor(private readonly log: Log) {}

  /** As fit(), for a start. @throws {AgentError} config @throws {BundleError} */
  fit(config: LoadedConfig): Bundle {
    if (config.bundle !== undefined) {
      this.trial = undefined
      return fit(config)
    }
    const { stateDir } = config
    this.trial ??= new Trial(stateDir)
    this.may = maySigned(config)
    this.told(this.attempt(() => this.trial!.begin(this.may)))
    for (;;) {
      try {
        return fit(config)
      } catch (error) {
        const to = wayBack(stateDir, this.may)
        // What is wrong with the configuration itself is wrong with any bundle.
        if (error instanceof AgentError && to !== undefined && !fits(config, to)) throw error
        if (!this.goBack(error)) throw error
      }
    }
  }

  /** A start, or what was started, has failed. @returns whether another bundle comes back with the next one */
  failed(error: unknown): boolean {
    return this.trial?.onTrial === true && isOfBundle(error) && this.goBack(error)
  }

  /** A frame of this bundle was committed. */
  proven({ manifest }: Bundle): void {
    if (this.trial?.onTrial) this.attempt(() => this.trial!.proven(manifest.id))
  }

  /** The agent ends in an orderly way. */
  ended(): void {
    this.attempt(() => this.trial?.ended())
  }

  private goBack(error: unknown): boolean {
    const fell = this.attempt(() => this.trial!.failed(messageOf(error).split('\n')[0]!, this.may))
    this.told(fell)
    return fell !== undefined
  }

  private told(fell: { id: string; to: string; why: string } | undefined): void {
    if (fell)
      this.log.error({ bundle: fell.id, reason: fell.why }, `the chosen bundle does not run; ${fell.to} is used again`)
  }

  /** A disk that takes nothing is no reason not to run. */
  private attempt<T>(write: () => T): T | undefined {
    try {
      return write()
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'which bundle runs could not be noted')
      return undefined
    }
  }
}

const maySigned =
  (config: LoadedConfig): May =>
  (dir) =>
    unsigned(dir, config) === undefined

/** Which bundle a start takes in the place of a chosen one that the key has not signed, and why; undefined: the chosen one may run. */
export function inPlaceOfUnsigned(config: LoadedConfig): { id: string; why: string } | undefined {
  const { bundle, stateDir } = config
  if (bundle !== undefined) return undefined
  const use = chosen(stateDir)
  const dir = bundleDir(use, stateDir)
  const why = existsSync(join(dir, 'manifest.json')) ? unsigned(dir, config) : undefined
  const id = why && wayBack(stateDir, maySigned(config))
  return id ? { id, why: `bundle ${use} ${why}` } : undefined
}

/** For `check-config` and `warmup`: the bundle that `run` would take, said where it is not the chosen one. @throws as fit */
export function fitInstead(config: LoadedConfig, file: string): Bundle {
  const instead = inPlaceOfUnsigned(config)
  if (instead) console.error(`${file}: ${instead.why}: ${instead.id} is used in its place`)
  return fit(config, instead?.id)
}

function fits(config: LoadedConfig, name: string): boolean {
  try {
    fit(config, name)
    return true
  } catch {
    return false
  }
}

/** A taken archive or a port says nothing about networks. */
const isOfBundle = (error: unknown): boolean =>
  error instanceof BundleError || (error instanceof AgentError && (error.code === 'engine' || error.code === 'input'))
