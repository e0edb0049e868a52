import t from 'tap'
import { catalogue, figures, metricOf, metrics, named } from '../../../agent/http/metrics.js'
import { sample } from './sample.js'

const series = async () => {
  const text = await metrics(sample)
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'))
  return { text, values: new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').at(-1)])) }
}

t.test('names, units and kinds as Prometheus has them', async (t) => {
  const { text, values } = await series()
  t.equal(values.get('blindsight_camera_frames_in_total{camera="street"}'), '72000')
  t.equal(values.get('blindsight_camera_frames_left_out_total{camera="street"}'), '67000')
  t.equal(values.get('blindsight_camera_frames_encoded_per_second{camera="street"}'), '9.5')
  t.equal(values.get('blindsight_frames_dropped_total{reason="commit"}'), '2')
  t.equal(values.get('blindsight_archive_left_seconds'), '1080000')
  t.equal(values.get('blindsight_stage_median_seconds{stage="encode"}'), '0.0125')
  t.equal(values.get('blindsight_resident_memory_bytes'), '250000000')
  t.equal(values.get('blindsight_broker_connected'), '0')
  t.equal(values.get('blindsight_camera_state{camera="yard",state="offline"}'), '1')
  t.equal(values.get('blindsight_state{state="degraded"}'), '0')
  t.match(text, '# TYPE blindsight_frames_dropped_total counter')
  t.match(text, '# TYPE blindsight_outbox_frames gauge')
  for (const name of text.matchAll(/^# TYPE (\S+) (\S+)/gm)) {
    t.match(name[1], /^blindsight_[a-z_]+$/)
    t.equal(name[1]!.endsWith('_total'), name[2] === 'counter', name[1])
    t.match(text, `# HELP ${name[1]} `)
  }
})

t.test('every figure of health is a metric with a name of its own', async (t) => {
  const { values } = await series()
  let count = 0
  for (const [path, labels, value] of figures(sample.health)) {
    count++
    const known = named[path]
    t.ok(known, `${path}: give it a name in agent/http/metrics.ts`)
    const { name, factor = 1, label } = metricOf(path)
    const found = [...values].filter(
      ([key]) =>
        key.replace(/\{.*/, '') === `blindsight_${name}` &&
        (!labels.camera || key.includes(`camera="${labels.camera}"`)) &&
        (!label || key.includes(`${label}="${labels.key}"`)),
    )
    t.equal(found.length, 1, path)
    t.ok(Math.abs(Number(found[0]![1]) - value * factor) < 1e-6, path)
  }
  t.ok(count > 30)
})

t.test('what gets no name of its own is there all the same', async (t) => {
  t.match(metricOf('gpu.load_percent'), { name: 'gpu_load_percent' })
})

t.test('while it starts there is no health yet', async (t) => {
  const text = await metrics({ ...sample, ok: false, health: null })
  t.match(text, /^blindsight_up 0$/m)
})

t.test('the catalogue, which the reference is made of, has whatever is on a page', async (t) => {
  const { text, values } = await series()
  const known = new Map(catalogue().map((metric) => [metric.name, metric]))
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)/gm)) t.equal(known.get(name!)?.kind, type, name)
  for (const line of values.keys()) {
    const { name, labels } = /^(?<name>[^{]+)(\{(?<labels>.*)\})?$/.exec(line)!.groups!
    const names = [...(labels ?? '').matchAll(/([a-z]+)="/g)].map(([, label]) => label)
    t.same([...known.get(name!)!.labels].sort(), names.sort(), line)
  }
})
