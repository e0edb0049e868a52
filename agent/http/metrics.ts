/** /metrics, from the same structure as the health message: every figure of that is here. The only file that knows prom-client. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Facts } from '../facts.js'

const PREFIX = 'blindsight_'

interface Metric {
  readonly name: string
  readonly help: string
  readonly counter?: true
  readonly factor?: number
  /** Name of the label that a record's keys become. */
  readonly label?: string
}

const total = (name: string, help: string, label?: string): Metric => ({
  name: `${name}_total`,
  help,
  counter: true,
  ...(label && { label }),
})
const gauge = (name: string, help: string, more: { factor?: number; label?: string } = {}): Metric => ({
  name,
  help,
  ...more,
})

/** By the path in the health message; `cams` are told apart by the label `camera`. Whatever else is a number there gets a name made of its path. */
export const named: Readonly<Record<string, Metric>> = {
  'cams.fps_in': gauge('camera_frames_in_per_second', 'Frames that come from the camera, over the last half minute'),
  'cams.fps_encoded': gauge('camera_frames_encoded_per_second', 'Frames encoded and kept, over the last half minute'),
  'cams.frames_in': total('camera_frames_in', 'Frames that came from the camera'),
  'cams.frames_encoded': total('camera_frames_encoded', 'Frames encoded and committed'),
  'cams.frames_held': total(
    'camera_frames_held',
    'Of the frames encoded, those that the heads did not look at, as nothing had changed',
  ),
  'cams.frames_rested': total(
    'camera_frames_rested',
    'Of the frames encoded, those that the heads did not look at, as they had just looked (restSeconds)',
  ),
  'cams.frames_pressed': total(
    'camera_frames_pressed',
    'Of the frames encoded, those that the heads did not look at, as frames waited: the box is short of time',
  ),
  'cams.frames_left_out': total(
    'camera_frames_left_out',
    'Of the frames encoded, those that the setting publish kept from going out',
  ),
  'cams.dropped': total('camera_frames_dropped', 'Frames that a newer one replaced before it was their turn'),
  drops: total('frames_dropped', 'Frames or messages lost, by reason', 'reason'),
  'outbox.frames': gauge('outbox_frames', 'Frames that the broker has not acknowledged'),
  'outbox.bytes': gauge('outbox_bytes', 'Bytes of the frames that the broker has not acknowledged'),
  'outbox.oldest_s': gauge('outbox_oldest_seconds', 'Age of the oldest frame that the broker has not acknowledged'),
  'archive.frames': gauge('archive_frames', 'Frames in the archive'),
  'archive.bytes': gauge('archive_bytes', 'Bytes in the archive'),
  'archive.evicted': total('archive_evicted_frames', 'Frames that the archive has given up for newer ones'),
  'archive.evictions': total('archive_evictions', 'Frames given up, by reason', 'reason'),
  'archive.restamped': total('archive_restamped_frames', 'Frames moved to their right time'),
  'archive.age_limits_lag_s': gauge('archive_age_limits_lag_seconds', 'By how much age limits lag behind the clock'),
  'archive.days_left': gauge('archive_left_seconds', 'Time until the archive begins to give up frames', {
    factor: 86_400,
  }),
  'clock.known': gauge('clock_known', '1 when the time is known to be right'),
  published: total('published_frames', 'Frames handed to the broker, by what became of them', 'outcome'),
  requests: total('requests', 'Requests answered over MQTT, by outcome', 'outcome'),
  ms: gauge('stage_median_seconds', 'Median time of a frame in each stage', { factor: 0.001, label: 'stage' }),
  'broker.connected': gauge('broker_connected', '1 while connected to the broker'),
  'broker.connects': total('broker_connects', 'Connections made to the broker'),
  'faults.count': total('faults', 'Warnings and errors of the log, of the kinds kept', 'fault'),
  uptime_s: gauge('uptime_seconds', 'Time since the agent started with this configuration'),
  rss_mb: gauge('resident_memory_bytes', 'Resident memory of the process', { factor: 1e6 }),
  temp_c: gauge('temperature_celsius', 'Temperature of the processor'),
}

/** What is no figure of the health message. */
const beside = {
  info: gauge('info', 'What runs here; always 1'),
  up: gauge('up', '1 while frames go through, as /healthz says'),
  state: gauge('state', '1 for the state that the box is in', { label: 'state' }),
  camera: gauge('camera_state', '1 for the state that the camera is in', { label: 'state' }),
}
const INFO_LABELS = ['version', 'device', 'bundle', 'boot', 'provider'] as const

/** Everything that a page can have, for the reference. */
export const catalogue = (): MetricInWords[] => [
  inWords(beside.info, INFO_LABELS),
  inWords(beside.up, []),
  inWords(beside.state, ['state']),
  inWords(beside.camera, ['camera', 'state']),
  ...Object.entries(named).map(([path, metric]) =>
    inWords(metric, [...(path.startsWith('cams.') ? ['camera'] : []), ...(metric.label ? [metric.label] : [])]),
  ),
]

export interface MetricInWords {
  readonly name: string
  readonly kind: string
  readonly labels: readonly string[]
  readonly help: string
}
const inWords = ({ name, counter, help }: Metric, labels: readonly string[]): MetricInWords => ({
  name: `${PREFIX}${name}`,
  kind: counter ? 'counter' : 'gauge',
  labels,
  help,
})

/** Not figures: the version of the message. */
const WITHOUT = new Set(['v'])
const STATES = ['starting', 'online', 'degraded']
const CAMERA_STATES = ['online', 'offline', 'stalled', 'disabled']

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE

export function metrics(facts: Facts): Promise<string> {
  const page = new Page()
  const { version, device, bundle, providers, boot } = facts
  const info: Record<(typeof INFO_LABELS)[number], string> = {
    version,
    device,
    bundle,
    boot,
    provider: providers.encoder ?? '',
  }
  page.add(beside.info, info, 1)
  page.add(beside.up, {}, Number(facts.ok))
  for (const state of STATES) page.add(beside.state, { state }, Number(state === facts.state))
  for (const [path, labels, value] of figures(facts.health ?? {})) {
    const metric = metricOf(path)
    if (metric.label === undefined || labels.key !== undefined) page.add(metric, labelsOf(metric, labels), value)
  }
  for (const { id, state } of facts.health?.cams ?? [])
    for (const each of CAMERA_STATES) page.add(beside.camera, { camera: id, state: each }, Number(each === state))
  return page.text()
}

type Labels = { readonly camera?: string; readonly key?: string }

/** Every number and truth value of the health message, with its path. */
export function* figures(value: unknown, path = '', labels: Labels = {}): Generator<[string, Labels, number]> {
  if (typeof value === 'number' || typeof value === 'boolean') yield [path, labels, Number(value)]
  if (Array.isArray(value)) {
    for (const each of value as { id?: string; text?: string }[]) {
      const own = { ...labels, ...(each.id && { camera: each.id }), ...(each.text && { key: each.text }) }
      yield* figures(each, path, own)
    }
  } else if (typeof value === 'object' && value !== null) {
    const record = path !== '' && named[path]?.label !== undefined
    for (const [key, inner] of Object.entries(value)) {
      if (path === '' && WITHOUT.has(key)) continue
      if (record) yield* figures(inner, path, { ...labels, key })
      else yield* figures(inner, path ? `${path}.${key}` : key, labels)
    }
  }
}

export function metricOf(path: string): Metric {
  return named[path] ?? gauge(path.replaceAll(/[^a-z0-9]+/g, '_'), `${path} of the health message`)
}

function labelsOf({ label }: Metric, { camera, key }: Labels): Record<string, string> {
  return { ...(camera && { camera }), ...(label && key !== undefined && { [label]: key }) }
}

/** A registry of its own for each page: no series outlives its camera. */
class Page {
  private readonly registry = new Registry()
  private readonly metrics = new Map<string, Counter | Gauge>()

  add({ name, help, counter, factor = 1 }: Metric, labels: Record<string, string>, value: number): void {
    const full = `${PREFIX}${name}`
    let metric = this.metrics.get(full)
    if (!metric) {
      const options = { name: full, help, labelNames: Object.keys(labels), registers: [this.registry] }
      metric = counter ? new Counter(options) : new Gauge(options)
      this.metrics.set(full, metric)
    }
    metric.inc(labels, Number((value * factor).toPrecision(12)))
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }
}
