/** Bundle, clip, configuration file and archive of an end-to-end run. */
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { freePort } from '../client/mosquitto.js'
import { root } from './program.js'

export const bundle = DEFAULT_BUNDLE
export const bundleDir = join(root, 'models', 'bundles', bundle)
/** For --bundles. */
export const bundlesDir = dirname(bundleDir)

export const clip = join(root, 'config', 'demo', 'street.mp4')
export const width = 224
export const height = 128
export const device = 'gate-1'
export const camera = 'street'

export interface Wishes {
  /** Absent: the embedded broker on a free port. */
  readonly broker?: string
  readonly mqtt?: object
  readonly camera?: object
  readonly top?: object
}

/** Writes config.yaml (JSON is YAML) and returns its path; the archive lies in `state` beside it. */
export async function configFile(dir: string, wishes: Wishes = {}): Promise<string> {
  const file = join(dir, 'config.yaml')
  const mqtt = wishes.broker ? { url: wishes.broker } : { embeddedPort: await freePort() }
  const config = {
    device,
    bundle,
    stateDir: join(dir, 'state'),
    threads: 1,
    // However slow the machine: a clip does not stall.
    cameras: [{ id: camera, source: clip, width, height, fps: 10, stallSeconds: 600, ...wishes.camera }],
    mqtt: { ...mqtt, ...wishes.mqtt },
    archive: { minFreeMegabytes: 1 },
    ...wishes.top,
  }
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}

export interface Row {
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly sha256: string
  readonly bits: Buffer
}

/** Every committed frame, read beside the running agent. */
export const committed = (dir: string): Row[] =>
  query(dir, 'SELECT cam, boot, seq, sha256, bits FROM frames ORDER BY id') as Row[]

/** Frames that the broker has not acknowledged. */
export const outboxRows = (dir: string): number => query(dir, 'SELECT frame_id FROM outbox').length

/** Nothing, as long as the agent has not made its archive. */
export const query = (dir: string, sql: string): unknown[] => {
  const file = join(dir, 'state', 'archive.sqlite')
  if (!existsSync(file)) return []
  const db = new Database(file, { readonly: true, timeout: 120_000 })
  try {
    const made = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").get()
    return made ? db.prepare(sql).all() : []
  } finally {
    db.close()
  }
}

export const key = ({ boot, seq }: { boot: string; seq: number }): string => `${boot}/${seq}`

/** The seq of one boot are 0..n-1: what is missing. */
export function missing(rows: Iterable<{ boot: string; seq: number }>): string[] {
  const boots = new Map<string, Set<number>>()
  for (const { boot, seq } of rows) boots.set(boot, (boots.get(boot) ?? new Set()).add(seq))
  return [...boots].flatMap(([boot, seqs]) =>
    Array.from({ length: Math.max(...seqs) + 1 }, (_, seq) => seq)
      .filter((seq) => !seqs.has(seq))
      .map((seq) => key({ boot, seq })),
  )
}
