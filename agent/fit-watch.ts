/** What a camera's zones, events, thresholds and `publish` ask for and its picture or its bundle cannot give. */
import { type Bundle, headsOf } from '../contract/bundle.js'
import { closest } from './config/near.js'
import type { Camera } from './config/schema.js'
import { polygonFault } from './events/polygon.js'
import { analyseOn, rulesOf } from './heads.js'

export interface WatchFault {
  /** Below the camera. */
  readonly path: readonly (string | number)[]
  readonly text: string
}

export function watchFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  return [
    ...zoneFaults(camera),
    ...eventFaults(camera, bundle),
    ...thresholdFaults(camera, bundle),
    ...publishFaults(camera, bundle),
  ]
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
  const fault = (why: string, instead: string) => [
    { path: ['publish'], text: `events publishes nothing where there are none: ${why}; ${instead}` },
  ]
  const analyse = analyseOn(camera, bundle)
  if (!analyse) {
    const { why, inBundle } = unlooked(camera, bundle)
    return fault(
      why,
      inBundle ? 'write heads: [analyse], or publish: on_change' : 'write publish: on_change, or use a bundle that has',
    )
  }
  if (rulesOf(camera, analyse).length > 0) return []
  const none = camera.events
    ? 'the camera has events: []'
    : `bundle ${bundle.manifest.id} watches for nothing by itself`
  return fault(none, 'name some under events, or write publish: on_change')
}

function eventFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  const { zones = [], events = [] } = camera
  if (events.length === 0) return []
  const analyse = analyseOn(camera, bundle)
  if (!analyse) return [{ path: ['events'], text: noAnalysis(camera, bundle, 'events') }]
  const classes = analyse.presence.map((presence) => presence.id)
  const names = zones.map(({ name }) => name)
  return events.flatMap(({ class: of, zone, leastProbability }, i) => {
    const faults: WatchFault[] = []
    if (!classes.includes(of))
      faults.push({
        path: ['events', i, 'class'],
        text: `bundle ${bundle.manifest.id} knows no ${of}; ${thereAre(of, classes)}`,
      })
    if (zone !== undefined && !names.includes(zone)) {
      const known =
        names.length > 0 ? thereAre(zone, names) : 'the camera has no zones; leave zone out for the whole picture'
      faults.push({ path: ['events', i, 'zone'], text: `no zone is named ${zone}; ${known}` })
    }
    if (leastProbability !== undefined && analyse.presence.find(({ id }) => id === of)?.tags.length === 0)
      faults.push({
        path: ['events', i, 'leastProbability'],
        text: `bundle ${bundle.manifest.id} has no tag for ${of}, only its mask shows it; write leastShare`,
      })
    return faults
  })
}

function thresholdFaults(camera: Camera, bundle: Bundle): WatchFault[] {
  const named = Object.keys(camera.thresholds ?? {})
  if (named.length === 0) return []
  const analyse = analyseOn(camera, bundle)
  if (!analyse) return [{ path: ['thresholds'], text: noAnalysis(camera, bundle, 'thresholds') }]
  const tags = analyse.tags.classes.map(({ id }) => id)
  return named
    .filter((tag) => !tags.includes(tag))
    .map((tag) => {
      const made = analyse.presence.find(({ id }) => id === tag)?.tags ?? []
      const instead = made.length > 0 ? `write those that it is made of: ${made.join(', ')}` : thereAre(tag, tags)
      return { path: ['thresholds', tag], text: `bundle ${bundle.manifest.id} has no tag ${tag}; ${instead}` }
    })
}

/** What to do about `key` on a camera that nothing is looked for on. */
function noAnalysis(camera: Camera, bundle: Bundle, key: string): string {
  const { why, inBundle } = unlooked(camera, bundle)
  return inBundle
    ? `${why}; write heads: [analyse], or leave one of the two out`
    : `${why}, which says what is there; use a bundle that has, or leave ${key} out`
}

/** Why nothing is looked for on a camera. */
function unlooked({ heads }: Camera, { manifest }: Bundle) {
  const inBundle = headsOf(manifest).includes('analyse')
  return {
    inBundle,
    why: inBundle
      ? `heads: [${heads?.join(', ')}] does not look for anything`
      : `bundle ${manifest.id} has no analyse.onnx`,
  }
}

function thereAre(instead: string, known: readonly string[]): string {
  const close = closest(instead, known)
  return `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}${close ? `; did you mean ${close}?` : ''}`
}
