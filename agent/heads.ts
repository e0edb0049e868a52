/** What says what on a camera, by its configuration and what the bundle has. */
import { isDeepStrictEqual } from 'node:util'
import { type Analyse, type Bundle, type Head, headsOf } from '../contract/bundle.js'
import type { Camera } from './config/schema.js'
import type { EventRule } from './config/watch.js'
import { defaultRules } from './events/scene.js'
import type { Known } from './retrieve/known.js'

/** Those that its configuration names, else all that the bundle has. */
export const headsOn = ({ heads }: Pick<Camera, 'heads'>, { manifest }: Bundle): readonly Head[] =>
  heads ?? headsOf(manifest)

/** What says what is there, with the camera's thresholds; undefined: nothing does. */
export function analyseOn(camera: Pick<Camera, 'heads' | 'thresholds'>, bundle: Bundle): Analyse | undefined {
  const { analyse } = bundle.manifest
  if (!analyse || !headsOn(camera, bundle).includes('analyse')) return undefined
  const { tags } = analyse
  return { ...analyse, tags: { ...tags, thresholds: { ...tags.thresholds, ...camera.thresholds } } }
}

/** By which rules events are told of it; one that is there twice tells once. */
export function rulesOf({ events }: Pick<Camera, 'events'>, analyse: Analyse): readonly EventRule[] {
  if (!events) return defaultRules(analyse)
  return events.filter((rule, i) => events.findIndex((other) => isDeepStrictEqual(other, rule)) === i)
}

/** What may be asked about. */
export function namesOf(cameras: readonly Camera[], bundle: Bundle): Known {
  const rules = cameras.flatMap((camera) => {
    const analyse = analyseOn(camera, bundle)
    return analyse ? rulesOf(camera, analyse) : []
  })
  return {
    cam: cameras.map(({ id }) => id),
    class: [...new Set(rules.map((rule) => rule.class))],
    zone: [...new Set(cameras.flatMap(({ zones = [] }) => zones.map(({ name }) => name)))],
  }
}
