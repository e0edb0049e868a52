/**
 * What is there before one camera: of every frame's tags, mask and changed cells, which classes are present where and since when,
 * what moves, and the events of that. No frame rate and no wall clock comes into it, only the time between frames.
 */
import type { Analyse } from '../../contract/bundle.js'
import { EventRule, type Zone } from '../config/watch.js'
import { LEAST_OF_PICTURE, type Signs, STAYS, signsOf } from '../presence.js'
import { Activity, type Grid, type Look, type Tally, tally } from './activity.js'
import { placesIn } from './polygon.js'
import { type Mark, type Occurrence, type Telling, Watch } from './watch.js'

export interface SceneOptions {
  /** Of the frames, and of the latent's cells in pixels. */
  readonly width: number
  readonly height: number
  readonly stride: number
  readonly zones?: readonly Zone[] | undefined
  /** Absent: every presence of the bundle that is for watching, over the whole picture. */
  readonly events?: readonly EventRule[] | undefined
  /** What ids of its events begin with: no other scene's do, also of an earlier run. */
  readonly name: string
  /** Frames that are further apart than this say nothing of the time between them. */
  readonly gapMs?: number
}

/** What the networks say of a frame. */
export interface Seen extends Mark {
  /** [T] */
  readonly tags: Float32Array
  /** [H/s,W/s] class ids */
  readonly mask: Uint8Array
  /** [h,w] of the latent; absent: there was no frame before */
  readonly changed?: Uint8Array | undefined
}

export interface Observed extends Pick<Look, 'motion' | 'moving'> {
  /** What is present after this frame. */
  readonly present: readonly Occurrence[]
  /** What is to be told of this frame. */
  readonly events: readonly Telling[]
}

/** In a zone, by default, LEAST_OF_PICTURE (not of the zone) is needed. One place alone may be noise, */
const LEAST_PLACES = 2
/** and a zone that is as small as what stands in it is taken when half of it is. */
const MOST_OF_ZONE = 0.5
/** Something moves when so much of it does. */
const MOVES = 0.1

interface Watched extends Signs {
  readonly watch: Watch
  readonly places: Uint32Array | undefined
  /** Places that it has to take to be seen; absent: its tags alone say it. */
  readonly least: number | undefined
  /** Whether its tags have to say it. */
  readonly byTags: boolean
  seen: boolean
}

export class Scene {
  private readonly activity: Activity
  private readonly watched: Watched[]
  private ids = 0

  constructor(
    private readonly analyse: Analyse,
    private readonly options: SceneOptions,
  ) {
    const { width, height, stride } = options
    const grid = (pixels: number): Grid => ({ width: width / pixels, height: height / pixels })
    const { classes, stride: maskStride } = analyse.mask
    const places = grid(maskStride)
    this.activity = new Activity(grid(stride), places, classes.length)
    const zones = new Map(
      (options.zones ?? []).map((zone) => [zone.name, placesIn(zone.polygon, places.width, places.height)]),
    )
    const rules = options.events ?? defaultRules(analyse)
    this.watched = rules.map((rule) => this.watchedBy(rule, zones, places))
  }

  observe({ bootMs, ref, tags, mask, changed }: Seen): Observed {
    const { motion, moves, picture, moving } = this.activity.look(bootMs, changed, mask)
    const tallies = new Map<Uint32Array | undefined, Tally>([[undefined, picture]])
    const events = this.watched.flatMap((watched) => {
      const { places, watch } = watched
      const here = tallies.get(places) ?? tally(mask, moves, this.analyse.mask.classes.length, places)
      tallies.set(places, here)
      const p = Math.max(0, ...watched.tags.map(({ index }) => tags[index]!))
      const sum = (of: Uint32Array) => watched.classes.reduce((n, id) => n + of[id]!, 0)
      const count = sum(here.count)
      const { least, byTags, seen } = watched
      watched.seen =
        (least === undefined || (count > 0 && count >= least * (seen ? STAYS : 1))) &&
        (!byTags || watched.tags.some(({ index, enter, leave }) => tags[index]! >= (seen ? leave : enter)))
      const asMoving = !watch.rule.motion || (count > 0 && sum(here.moving) >= MOVES * count)
      return watch.see({ bootMs, ref }, { seen: watched.seen && asMoving, p, share: count / here.all })
    })
    return {
      motion,
      moving,
      present: this.watched.flatMap(({ watch: { occurrence } }) => (occurrence ? [occurrence] : [])),
      events,
    }
  }

  private watchedBy(rule: EventRule, zones: ReadonlyMap<string, Uint32Array>, grid: Grid): Watched {
    const { presence } = this.analyse
    const of = presence.find(({ id }) => id === rule.class)
    if (!of) throw new Error(`event of ${rule.class}: the bundle has ${presence.map(({ id }) => id).join(', ')}`)
    const places = rule.zone === undefined ? undefined : zones.get(rule.zone)
    if (rule.zone !== undefined && !places) throw new Error(`event of ${rule.class}: no zone is named ${rule.zone}`)
    const { name, gapMs } = this.options
    const least = leastOf(rule, places?.length, grid.width * grid.height, of.tags.length > 0)
    const { leastProbability } = rule
    const limits = ({ enter, leave }: { enter: number; leave: number }) =>
      leastProbability === undefined
        ? { enter, leave }
        : { enter: leastProbability, leave: leastProbability * (enter > 0 ? leave / enter : 1) }
    const { tags, classes } = signsOf(this.analyse, of)
    return {
      watch: new Watch(rule, () => `${name}-${++this.ids}`, gapMs),
      tags: tags.map((tag) => ({ ...tag, ...limits(tag) })),
      classes,
      places,
      least,
      byTags: least === undefined || leastProbability !== undefined,
      seen: false,
    }
  }
}

/** Places that something has to take; undefined: tags, which look at the whole picture, say more of it. */
function leastOf({ leastShare }: EventRule, zone: number | undefined, picture: number, tagged: boolean) {
  if (leastShare !== undefined) return leastShare * (zone ?? picture)
  if (zone === undefined && tagged) return undefined
  return Math.min(Math.max(LEAST_PLACES, LEAST_OF_PICTURE * picture), Math.max(1, MOST_OF_ZONE * (zone ?? picture)))
}

/** Of a camera that has none of its own. */
export function defaultRules({ presence }: Analyse): EventRule[] {
  return presence.filter(({ watch }) => watch).map(({ id }) => EventRule.parse({ class: id }))
}
