/** What a reload has to do: the keys at the top of the configuration whose values, or the files that they name, have changed. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { LoadedConfig } from './config/load.js'

export type Snapshot = ReadonlyMap<string, string>

/** Certificates and the bundle are read by name when they are needed: what they hold now belongs to the configuration. */
export function snapshot(config: LoadedConfig, bundleSha256: string): Snapshot {
  const { caFile, certFile, keyFile } = config.mqtt
  const kept = new Map(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]))
  kept.set('bundle', `${config.bundle ?? ''} ${bundleSha256}`)
  kept.set('mqtt', [kept.get('mqtt'), ...[caFile, certFile, keyFile].map(contentOf)].join(' '))
  return kept
}

export function changes(before: Snapshot, after: Snapshot): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key)).sort()
}

function contentOf(file: string | undefined): string {
  if (!file) return ''
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return 'not readable' // said when it is used
  }
}
