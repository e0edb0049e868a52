/** What a camera's zones, events and `publish` ask for and its picture or its bundle cannot give. */
import { type Bundle, headsOf } from '../contract/bundle.js'
import { closest } from './config/near.js'
import type { Camera } from './config/schema.js'
import { polygonFault } from './events/polygon.js'
import { defaultRules } from './events/scene.js'
import { headsOn } from './heads.js'

export interface WatchFault {
  /** Below the camera. */
  readonly path: readonly (string | number)[]
  readonly text: string
}

export function watchFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  return [...zoneFaults(camera), ...eventFaults(camera, bundle), ...publishFaults(camera, bundle)]
}

function zoneFaults({ zones = [] }: Camera): WatchFault[] {
  return zones.flatMap(({ name, polygon }, i) => {
    const faults: WatchFault[] = []
    const twice = zones.findIndex((zone) => zone.name === name) < i
    if (twice)
      faults.push({ path: ['zones', i, 'name'], text: `there is another zone ${name}; give each a name of its own` })
    const fault = polygonFault(polygon)
    if (fault) faults.push({ path: ['zones', i, 'polygon'], text: `zone ${name}: ${fault}` })
    return faults
  })
}

/** Nothing would ever go out. */
function publishFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  if (camera.publish !== 'events') return []
  const { id, analyse } = bundle.manifest
  const fault = (why: string, instead: string) => [
    { path: ['publish'], text: `events publishes nothing where there are none: ${why}; ${instead}` },
  ]
  if (!analyse || !headsOf(bundle.manifest).includes('analyse'))
    return fault(`bundle ${id} has no analyse.onnx`, 'write publish: on_change, or use a bundle that has')
  if (!headsOn(camera, bundle).includes('analyse'))
    return fault(
      `heads: [${camera.heads?.join(', ')}] does not look for anything`,
      'write heads: [analyse], or publish: on_change',
    )
  if ((camera.events ?? defaultRules(analyse)).length > 0) return []
  const none = camera.events ? 'the camera has events: []' : `bundle ${id} watches for nothing by itself`
  return fault(none, 'name some under events, or write publish: on_change')
}

function eventFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  const { zones = [], events = [] } = camera
  const { id, analyse } = bundle.manifest
  if (events.length === 0) return []
  if (!analyse || !headsOf(bundle.manifest).includes('analyse')) {
    const text = `bundle ${id} has no analyse.onnx, which says what is there; use a bundle that has, or leave events out`
    return [{ path: ['events'], text }]
  }
  if (!headsOn(camera, bundle).includes('analyse')) {
    const heads = camera.heads?.join(', ')
    return [
      {
        path: ['events'],
        text: `heads: [${heads}] does not look for anything; write heads: [analyse], or leave one of the two out`,
      },
    ]
  }
  const classes = analyse.presence.map((presence) => presence.id)
  const names = zones.map(({ name }) => name)
  const unknown = (of: string, known: readonly string[]) => {
    const close = closest(of, known)
    return `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}${close ? `; did you mean ${close}?` : ''}`
  }
  return events.flatMap(({ class: of, zone }, i) => {
    const faults: WatchFault[] = []
    if (!classes.includes(of))
      faults.push({ path: ['events', i, 'class'], text: `bundle ${id} knows no ${of}; ${unknown(of, classes)}` })
    if (zone !== undefined && !names.includes(zone)) {
      const known =
        names.length > 0 ? unknown(zone, names) : 'the camera has no zones; leave zone out for the whole picture'
      faults.push({ path: ['events', i, 'zone'], text: `no zone is named ${zone}; ${known}` })
    }
    return faults
  })
}
