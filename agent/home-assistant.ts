/**
 * What Home Assistant discovers: a binary sensor for every class and zone that a camera watches, one for its motion, and one for the
 * box. The entities read the retained topics that are there anyway; only these descriptions are Home Assistant's own.
 */
import type { Analyse, Bundle } from '../contract/bundle.js'
import type { Topics } from '../contract/topics.js'
import type { LoadedConfig } from './config/load.js'
import type { Camera } from './config/schema.js'
import { analyseOn, rulesOf } from './heads.js'
import { version } from './version.js'

const PREFIX = 'homeassistant'
/** Where Home Assistant says that it is there, by default. */
export const BIRTH_TOPIC = `${PREFIX}/status`
export const isBirth = (topic: string, payload: Uint8Array): boolean =>
  topic === BIRTH_TOPIC && Buffer.from(payload).toString() === 'online'

const ALIVE = "value_json.state in ['online', 'degraded']"

/** Descriptions by topic, to be retained. */
export function discovery(config: LoadedConfig, bundle: Bundle, topics: Topics): Map<string, object> {
  const { device: dev } = config
  const shared = {
    device: {
      identifiers: [`blindsight_${dev}`],
      name: dev,
      manufacturer: 'blindsight',
      model: bundle.manifest.id,
      sw_version: version,
    },
    origin: { name: 'blindsight', sw_version: version },
    qos: 1,
  }
  const all = new Map<string, object>()
  const add = (object: string, entity: object) =>
    all.set(`${PREFIX}/binary_sensor/${dev}/${object}/config`, {
      ...entity,
      unique_id: `blindsight_${dev}_${object}`,
      ...shared,
    })
  add('connectivity', {
    name: 'connection',
    device_class: 'connectivity',
    entity_category: 'diagnostic',
    state_topic: topics.state(),
    value_template: `{{ 'ON' if ${ALIVE} else 'OFF' }}`,
  })
  for (const camera of config.cameras) {
    if (!camera.enabled) continue
    const { id } = camera
    const of = { state_topic: topics.camNow(id), ...availability(topics, id) }
    const value_template = "{{ 'ON' if value_json.motion | default(false) else 'OFF' }}"
    add(`${id}-motion`, { name: `${id} motion`, device_class: 'motion', ...of, value_template })
    for (const { class: name, label, zone } of watchedOn(camera, bundle)) {
      const where = zone === undefined ? '' : ` ${zone}`
      const inZone = zone === undefined ? "'zone', 'none'" : `'zone', 'eq', '${zone}'`
      const found = `value_json.present | selectattr('class', 'eq', '${name}') | selectattr(${inZone}) | list | count`
      const value_template = `{{ 'ON' if ${found} > 0 else 'OFF' }}`
      // A hyphen between camera, class and zone, which may have underscores: names stay apart.
      const object = [id, name, ...(zone === undefined ? [] : ['in', zone])].join('-')
      add(object, { name: `${id}${where} ${label}`, device_class: 'occupancy', ...of, value_template })
    }
  }
  return all
}

/** While the box lives and its camera delivers. */
const availability = (topics: Topics, cam: string) => ({
  availability: [
    { topic: topics.state(), value_template: `{{ 'online' if ${ALIVE} else 'offline' }}` },
    { topic: topics.camState(cam), value_template: "{{ 'online' if value_json.state == 'online' else 'offline' }}" },
  ],
  availability_mode: 'all',
})

/** Each class and zone once, however many rules there are for it. */
function watchedOn(camera: Camera, bundle: Bundle) {
  const analyse = analyseOn(camera, bundle)
  if (!analyse) return []
  const found = new Map(
    rulesOf(camera, analyse).map(({ class: of, zone }) => [
      `${of} ${zone}`,
      { class: of, zone, label: labelOf(analyse, of) },
    ]),
  )
  return [...found.values()]
}

const labelOf = ({ presence }: Analyse, of: string): string => presence.find(({ id }) => id === of)?.label ?? of
