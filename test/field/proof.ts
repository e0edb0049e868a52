/** What has to hold of an archive and of a subscriber that heard everything, whatever was killed in between. */
import type { Kit } from './kit.js'
import type { Listener } from './listener.js'
import type { Relay } from './relay.js'
import type { Outcome } from './scenario.js'

export interface Proof {
  readonly committed: number
  /** Committed, and neither received nor waiting in the outbox; or received, and not in the archive. */
  readonly lost: string[]
  /** Acknowledged by the broker, which died before it had delivered them. */
  readonly withBroker: number
  readonly waiting: number
  readonly gaps: string[]
  readonly duplicates: number
  readonly faults: string[]
}

/** By keys, both ways. Nothing may have been evicted. `relay`: all of the agent's connections went through it. */
export function prove(kit: Kit, listener: Listener, kind: 'cls' | 'bits', relay?: Relay): Proof {
  const { stateDir } = kit
  const rows = kit.archive.rows(stateDir)
  const waiting = kit.archive.outbox(stateDir)
  const keys = new Set(rows.map(({ cam, boot, seq }) => `field/${cam}/${boot}/${seq}`))
  const missing = rows.filter(
    ({ id, cam, boot, seq, without }) =>
      !waiting.has(id) &&
      !without[kind === 'bits' ? 'bits' : 'results'] &&
      !listener.has('field', cam, boot, seq, kind),
  )
  const taken = missing.filter(({ cam, boot, seq }) => relay?.acknowledged.has(`field/${cam}/${boot}/${seq}/${kind}`))
  const lost = [
    ...missing
      .filter((row) => !taken.includes(row))
      .map(({ cam, boot, seq }) => `committed, never received: ${cam}/${boot}/${seq}`),
    ...[...listener.frames].filter((key) => !keys.has(key)).map((key) => `received, not in the archive: ${key}`),
  ]
  const gaps = kit.archive.gaps(rows)
  const [damage] = kit.archive.query<{ integrity_check: string }>(stateDir, 'PRAGMA integrity_check')
  const faults = [
    ...lost,
    ...gaps.map((gap) => `no such seq: ${gap}`),
    ...listener.outOfOrder.map((what) => `out of order: ${what}`),
    ...listener.different.map((what) => `a duplicate that differs: ${what}`),
    ...(damage?.integrity_check === 'ok' ? [] : [`database: ${damage?.integrity_check}`]),
  ]
  return {
    committed: rows.length,
    lost,
    withBroker: taken.length,
    waiting: waiting.size,
    gaps,
    duplicates: listener.duplicates,
    faults,
  }
}

/** As a row of the table. */
export function outcomeOf(what: string, proof: Proof, recoveryMs: number | null): Outcome {
  const { committed, lost, withBroker, gaps, waiting, duplicates, faults } = proof
  const said = `${what}; ${committed} frames committed, ${waiting} waiting, ${duplicates} messages twice${withBroker ? `, ${withBroker} acknowledged by a broker that died before it delivered them` : ''}`
  const ok = faults.length === 0 && committed > 0
  return {
    said,
    recoveryMs,
    lost: lost.length + gaps.length,
    ok,
    ...(faults[0] && { note: faults.slice(0, 5).join('; ') }),
  }
}
