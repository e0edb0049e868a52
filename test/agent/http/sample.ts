/** Facts of a box with two cameras, one of them away, and a broker that is away too. */
import type { Facts } from '../../../agent/facts.js'
import { HealthMessage } from '../../../contract/messages.js'

const at = '2026-11-25T03:00:00.000Z'
export const nowMs = Date.parse('2026-11-25T03:02:00.000Z')

export const sample: Facts = {
  v: 1,
  ok: true,
  why: 'frames go through, but not all: yard offline (connection refused)',
  state: 'online',
  device: 'gate-1',
  version: '1.0.0',
  boot: '0123456789abcdef',
  pid: 4711,
  uptime_s: 7200,
  config: '/etc/blindsight/config.yaml',
  state_dir: '/var/lib/blindsight',
  bundle: 'lean-5',
  providers: { encoder: 'cpu' },
  broker_url: 'mqtt://broker.local',
  health: HealthMessage.parse({
    v: 1,
    ts: at,
    state: 'online',
    uptime_s: 7199,
    broker: { connected: false, connects: 3, reason: 'connection refused' },
    cams: [
      {
        id: 'street',
        state: 'online',
        reason: '',
        since: at,
        fps_in: 10,
        fps_encoded: 9.5,
        frames_in: 72_000,
        frames_encoded: 68_400,
        frames_held: 54_720,
        frames_rested: 6_840,
        frames_pressed: 12,
        frames_left_out: 67_000,
        dropped: 3600,
      },
      {
        id: 'yard',
        state: 'offline',
        reason: 'connection refused',
        since: at,
        fps_in: 0,
        fps_encoded: 0,
        frames_in: 5,
        frames_encoded: 4,
        dropped: 1,
      },
    ],
    drops: { latest_wins: 3601, inference: 0, commit: 2 },
    outbox: { frames: 12, bytes: 34_000_000, oldest_s: 90 },
    archive: { frames: 68_404, bytes: 1_234_000_000, evicted: 7, days_left: 12.5 },
    published: { published: 10, acked: 9 },
    requests: { served: 1, refused: 0 },
    ms: { encode: 12.5, code: 3 },
    rss_mb: 250,
    temp_c: null,
    faults: [{ text: 'capture ended, will start again (yard; connection refused)', count: 31, first: at, last: at }],
  }) as unknown as Facts['health'],
}
