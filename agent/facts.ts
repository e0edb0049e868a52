/** What a running box says of itself, once, for /healthz, /metrics and `status`. */
import type { DeviceState } from '../contract/messages.js'
import type { HealthReport } from './health.js'

export interface Facts {
  readonly v: 1
  /** Whether frames go through; `why` says it in words. */
  readonly ok: boolean
  readonly why: string
  readonly state: DeviceState
  readonly reason?: string | undefined
  readonly device: string
  readonly version: string
  readonly boot: string
  readonly pid: number
  readonly uptime_s: number
  readonly config: string
  readonly state_dir: string
  readonly bundle: string
  readonly providers: Readonly<Record<string, string>>
  readonly broker_url: string
  /** null: it is just being started. */
  readonly health: HealthReport | null
}

interface Seen {
  readonly id: string
  readonly state: string
  readonly reason?: string | undefined
}

/** What an owner's uptime check wants to know: does this box see and understand anything? A broker that is away changes nothing. */
export function progress(
  phase: 'starting' | 'running' | 'stuck',
  note: string,
  cameras: readonly Seen[],
): { ok: boolean; why: string } {
  if (phase === 'starting') return { ok: false, why: note ? `starting: ${note}` : 'starting' }
  if (phase === 'stuck') return { ok: false, why: 'stuck: frames come in, and none has come out for a while' }
  const enabled = cameras.filter(({ state }) => state !== 'disabled')
  const online = enabled.filter(({ state }) => state === 'online')
  if (enabled.length === 0) return { ok: false, why: 'no camera is enabled' }
  const away = enabled.filter(({ state }) => state !== 'online')
  const reasons = away.map(({ id, state, reason }) => `${id} ${state}${reason ? ` (${reason})` : ''}`).join(', ')
  if (online.length === 0) return { ok: false, why: `no camera delivers frames: ${reasons}` }
  return { ok: true, why: away.length > 0 ? `frames go through, but not all: ${reasons}` : 'frames go through' }
}
