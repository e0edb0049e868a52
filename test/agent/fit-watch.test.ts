import { join } from 'node:path'
import t from 'tap'
import { Camera } from '../../agent/config/schema.js'
import { watchFaults } from '../../agent/fit-watch.js'
import { openBundle } from '../../contract/bundle.js'
import { bundlesDir } from '../../contract/package-root.js'
import { analysingBundle } from '../contract/analysing-bundle.js'

const analysing = openBundle(analysingBundle(t.testdir()))
const square = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]] // biome-ignore format: a square
const faults = (more: object, bundle = analysing) =>
  watchFaults(Camera.parse({ id: 'a', source: 'x', ...more }), bundle).map(
    ({ path, text }) => `${path.join('.')}: ${text}`,
  )

t.test('what fits', async (t) => {
  t.strictSame(faults({}), [])
  const events = [
    { class: 'person', zone: 'yard' },
    { class: 'car', motion: true },
  ]
  t.strictSame(faults({ zones: [{ name: 'yard', polygon: square }], events }), [])
  t.strictSame(faults({ events: [], heads: [] }), [])
})

t.test('polygons that are none, and names twice', async (t) => {
  const zones = (...polygons: number[][][]) => ({ zones: polygons.map((polygon) => ({ name: 'yard', polygon })) })
  t.match(faults(zones(square.slice(0, 2))), [/^zones.0.polygon: zone yard: has 2 points/])
  t.match(faults(zones([[0, 0], [100, 0], [0, 100]])), [/outside the picture/]) // biome-ignore format: corners
  t.match(faults(zones(square, square)), [/^zones.1.name: there is another zone yard/])
})

t.test('events of what the bundle or the camera has not', async (t) => {
  t.match(faults({ events: [{ class: 'persons' }] }), [
    /^events.0.class: bundle analysing knows no persons; there are person, vehicle, .*did you mean person\?/,
  ])
  t.match(faults({ events: [{ class: 'car', zone: 'yard' }] }), [/^events.0.zone: .*the camera has no zones/])
  const zones = [{ name: 'yard', polygon: square }]
  t.match(faults({ zones, events: [{ class: 'car', zone: 'yrad' }] }), [/named yrad; there is yard; did you mean yard/])
  t.match(faults({ heads: [], events: [{ class: 'car' }] }), [
    /^events: heads: \[\] does not look.*write heads: \[analyse\]/,
  ])
  const old = openBundle(join(bundlesDir(), 'lean-1'))
  t.match(faults({ events: [{ class: 'car' }] }, old), [/^events: bundle lean-1 has no analyse.onnx/])
})

t.test('publish: events where there can be none', async (t) => {
  const events = (more: object, bundle = analysing) => faults({ publish: 'events', ...more }, bundle)
  t.strictSame(events({}), [])
  t.strictSame(events({ events: [{ class: 'person' }], heads: ['analyse'] }), [])
  t.match(events({ events: [] }), [/^publish: events publishes nothing .*events: \[\]; name some under events/])
  t.match(events({ heads: ['segment'] }), [/^publish: .*heads: \[segment\] does not look.*write heads: \[analyse\]/])
  const old = openBundle(join(bundlesDir(), 'lean-1'))
  t.match(events({}, old), [/^publish: .*bundle lean-1 has no analyse.onnx; write publish: on_change/])
  const silent = openBundle(
    analysingBundle(t.testdir(), ({ analyse }) => {
      for (const one of analyse!.presence) one.watch = false
    }),
  )
  t.match(events({}, silent), [/^publish: .*bundle analysing watches for nothing by itself/])
  for (const publish of ['every', 'on_change', { everySeconds: 5 }])
    t.strictSame(faults({ publish, events: [] }, old), [])
})

t.test('thresholds of tags that the bundle lacks, and where nothing is looked for', async (t) => {
  const of = (...tags: string[]) => ({
    thresholds: Object.fromEntries(tags.map((tag) => [tag, { enter: 0.6, leave: 0.4 }])),
  })
  t.strictSame(faults(of('person', 'car')), [])
  t.strictSame(faults({ thresholds: {}, heads: [] }), [])
  t.match(faults(of('car', 'persn', 'vehicle')), [
    /^thresholds.persn: bundle analysing has no tag persn; there are person, bicycle, .*did you mean person\?/,
    /^thresholds.vehicle: bundle analysing has no tag vehicle; write those that it is made of: car, bus, truck$/,
  ])
  t.match(faults({ ...of('person'), heads: [] }), [/^thresholds: heads: \[\] does not look/])
  const old = openBundle(join(bundlesDir(), 'lean-1'))
  t.match(faults(of('person'), old), [/^thresholds: bundle lean-1 has no analyse.onnx.* leave thresholds out$/])
})
