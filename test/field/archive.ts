/** The agent's archive, read beside it and never written. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { unpack } from '../../agent/archive/packed.js'

export interface ArchivedRow {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly time_us: number
  readonly sha256: string
  readonly bytes: number
  /** Left out of MQTT by the camera's `publish`: of cls and seg, of bits. */
  readonly without: { readonly results: boolean; readonly bits: boolean }
}

/** Nothing as long as there is no archive. */
export function query<T>(stateDir: string, sql: string, ...values: unknown[]): T[] {
  const file = join(stateDir, 'archive.sqlite')
  if (!existsSync(file)) return []
  const db = new Database(file, { readonly: true, timeout: 30_000 })
  try {
    const made = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").get()
    return made ? (db.prepare(sql).all(...values) as T[]) : []
  } finally {
    db.close()
  }
}

/** Every committed frame that was not evicted, in order of its commit. */
export const archiveRows = (stateDir: string): ArchivedRow[] =>
  query<Omit<ArchivedRow, 'without'> & { result: string | Buffer }>(
    stateDir,
    'SELECT id, cam, boot, seq, time_us, sha256, bytes, result FROM frames ORDER BY id',
  ).map(({ result, ...row }) => {
    const chains = JSON.parse(unpack(result)).prev
    const without = (chain: 'results' | 'bits') => chains !== undefined && !(chain in chains)
    return { ...row, without: { results: without('results'), bits: without('bits') } }
  })

/** Ids of frames that the broker has not acknowledged. */
export const outboxIds = (stateDir: string): Set<number> =>
  new Set(query<{ id: number }>(stateDir, 'SELECT frame_id AS id FROM outbox').map(({ id }) => id))

/** 'cam/boot/seq' that are missing between the first and the last of each run. */
export function gaps(rows: Iterable<{ cam: string; boot: string; seq: number }>): string[] {
  const runs = new Map<string, number[]>()
  for (const { cam, boot, seq } of rows) {
    const run = `${cam}/${boot}`
    const seqs = runs.get(run)
    if (seqs) seqs.push(seq)
    else runs.set(run, [seq])
  }
  return [...runs].flatMap(([run, seqs]) => {
    const here = new Set(seqs)
    const missing: string[] = []
    for (let seq = Math.min(...seqs); seq <= Math.max(...seqs); seq++) if (!here.has(seq)) missing.push(`${run}/${seq}`)
    return missing
  })
}
