/** One screen for a person: how the box is, and what is wrong with it. */
import { typed } from '../../contract/command-line.js'
import type { Facts } from '../facts.js'

/** What is counted under `drops`, in words that docs/how-to/status.md explains. */
const DROPPED: Readonly<Record<string, string>> = {
  latest_wins: 'skipped for newer ones (the box is too slow)',
  inference: 'lost in the networks',
  commit: 'not stored',
  dead_letter: 'that the broker never takes',
  outbox: 'never published (outbox full)',
  outbox_thinned: 'published without bitstream (outbox full)',
}
const FAULTS_SHOWN = 6
const WIDTH = 120

/** What keeps the box from being all right, a line each. */
export function wrongs({ state, reason, ok, why, health, config }: Facts): string[] {
  const found: string[] = []
  if (!ok || /not all/.test(why)) found.push(why)
  if (state !== 'online' && state !== 'starting') found.push(`${state}${reason ? `: ${reason}` : ''}`)
  if (health && !health.broker.connected)
    found.push(
      `the broker is away${health.broker.reason ? `: ${health.broker.reason}` : ''}; results wait in the outbox`,
    )
  const { id, fell_back: fell } = health?.bundle ?? {}
  if (fell)
    found.push(`bundle ${fell.from} did not run (${fell.why}); ${id} came back: ${typed('bundle list', config)}`)
  return found
}

export function screen(facts: Facts, nowMs = Date.now()): string {
  const { device, version, state, bundle, providers, uptime_s, pid, config, state_dir, broker_url, health } = facts
  const lines = [
    `${device}  ${state}  for ${duration(uptime_s)}`,
    `blindsight ${version}, ${bundle}${shortOf(health)} on ${providers.encoder ?? '-'}, pid ${pid}, ${config}`,
    ...wrongs(facts).map((wrong) => `! ${wrong}`),
  ]
  if (health) {
    const { cams, broker, outbox, archive, drops, rss_mb, temp_c, faults } = health
    lines.push('', ...table(cams.map((cam) => cameraRow(cam, nowMs))), '')
    const age = outbox.frames > 0 ? `, the oldest ${duration(outbox.oldest_s)} old` : ''
    const left = archive.days_left === null ? 'days left not known yet' : `${archive.days_left} days left`
    const lost = Object.entries(drops).filter(([, count]) => count > 0)
    lines.push(
      `broker   ${broker_url}  ${broker.connected ? 'connected' : 'away'}, connections since the start: ${broker.connects}`,
      `outbox   ${outbox.frames} frames wait for the broker, ${size(outbox.bytes)}${age}`,
      `archive  ${archive.frames} frames, ${size(archive.bytes)}, ${left}, ${archive.evicted} deleted to make room; ${state_dir}`,
      cut(`dropped  ${lost.map(([reason, count]) => `${count} ${DROPPED[reason] ?? reason}`).join(', ') || 'nothing'}`),
      `memory   ${rss_mb} MB${temp_c === null ? '' : `, ${temp_c} °C`}`,
      `faults   ${faults.length === 0 ? 'none' : ''}`.trimEnd(),
      ...faults
        .slice(0, FAULTS_SHOWN)
        .map(({ text, count, last }) => cut(`  ${ago(last, nowMs)}  ${count > 1 ? `${count}x ` : ''}${text}`)),
    )
  }
  return lines.join('\n')
}

/** By hash: a name says little. */
const shortOf = (health: Facts['health']) => (health?.bundle ? ` (${health.bundle.sha256.slice(0, 16)})` : '')

type Cam = NonNullable<Facts['health']>['cams'][number]

function cameraRow({ id, state, since, reason, ...cam }: Cam, nowMs: number): string[] {
  const { fps_in, fps_encoded, dropped, frames_encoded: encoded } = cam
  const {
    frames_held: held = 0,
    frames_rested: rested = 0,
    frames_pressed: pressed = 0,
    frames_left_out: leftOut,
  } = cam
  const looks = encoded === undefined ? 0 : encoded - held - rested - pressed
  const rest = [
    held || rested ? `, ${Math.round((100 * looks) / encoded!)} % looked at` : '',
    pressed ? `, ${pressed} too busy to look` : '',
    leftOut ? `, ${leftOut} unpublished` : '',
  ].join('')
  const rates = state === 'online' ? `${fps_in} in, ${fps_encoded} encoded /s, ${dropped} skipped${rest}` : reason
  return [id, state, ago(since, nowMs), rates]
}

function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    cut(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
  )
}

const cut = (line: string) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)
const size = (bytes: number) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`)
const ago = (iso: string, nowMs: number) => `${duration(Math.max(0, (nowMs - Date.parse(iso)) / 1000))} ago`

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`
  if (seconds < 360_000) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
