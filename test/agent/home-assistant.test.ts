import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { discovery, isBirth } from '../../agent/home-assistant.js'
import { openBundle } from '../../contract/bundle.js'
import { Topics } from '../../contract/topics.js'
import { analysingBundle } from '../contract/analysing-bundle.js'

const bundle = openBundle(analysingBundle(t.testdir()))
const topics = new Topics('blindsight', 'gate-1')
type Entity = Record<string, unknown> & { unique_id: string; value_template: string }
const found = (...cameras: object[]) => {
  const all = cameras.map((camera) => ({ source: 'x.mp4', ...camera }))
  const config = parseConfig(JSON.stringify({ device: 'gate-1', cameras: all }), 'box.yaml')
  return new Map([...discovery(config, bundle, topics)] as [string, Entity][])
}
const names = (entities: Map<string, Entity>) =>
  [...entities.values()].map(({ name, device_class }) => `${name}: ${device_class}`)
const square = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]] // biome-ignore format: a square

t.test('the box, and of every camera motion and what it watches for', async (t) => {
  const entities = found({ id: 'yard' }, { id: 'off', enabled: false }, { id: 'bare', heads: [] })
  t.strictSame(names(entities), [
    'connection: connectivity',
    'yard motion: motion',
    'yard person: occupancy',
    'yard vehicle: occupancy',
    'yard two wheeler: occupancy',
    'yard animal: occupancy',
    'bare motion: motion',
  ])
  for (const topic of entities.keys()) t.match(topic, /^homeassistant\/binary_sensor\/gate-1\/[a-zA-Z0-9_-]+\/config$/)
  t.equal(new Set([...entities.values()].map(({ unique_id }) => unique_id)).size, entities.size)
  t.match(entities.get('homeassistant/binary_sensor/gate-1/yard-person/config'), {
    state_topic: 'blindsight/v1/gate-1/cam/yard/now',
    availability_mode: 'all',
    availability: [{ topic: 'blindsight/v1/gate-1/state' }, { topic: 'blindsight/v1/gate-1/cam/yard/state' }],
    device: { identifiers: ['blindsight_gate-1'], name: 'gate-1', model: 'analysing' },
    origin: { name: 'blindsight' },
  })
})

t.test('zones: each class and zone once', async (t) => {
  const events = [{ class: 'person', zone: 'gate' }, { class: 'person', zone: 'gate', motion: true }, { class: 'car' }]
  const entities = found({ id: 'yard', zones: [{ name: 'gate', polygon: square }], events })
  t.strictSame(names(entities).slice(2), ['yard gate person: occupancy', 'yard car: occupancy'])
  t.match(
    entities.get('homeassistant/binary_sensor/gate-1/yard-person-in-gate/config')!.value_template,
    "selectattr('class', 'eq', 'person') | selectattr('zone', 'eq', 'gate')",
  )
  const { value_template } = entities.get('homeassistant/binary_sensor/gate-1/yard-car/config')!
  t.match(value_template, "selectattr('zone', 'none')")
})

t.test('the birth message', async (t) => {
  t.ok(isBirth('homeassistant/status', Buffer.from('online')))
  t.notOk(isBirth('homeassistant/status', Buffer.from('offline')))
  t.notOk(isBirth('blindsight/v1/gate-1/req/list', Buffer.from('online')))
})
