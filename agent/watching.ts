/** What is there before every camera, frame by frame: joins the scenes with what archive and publisher need of them. */

import type { z } from 'zod'
import { type Bundle, maskOf } from '../contract/bundle.js'
import type { NowMessage } from '../contract/messages.js'
import { isoOf } from '../contract/time.js'
import { rounded } from './answers.js'
import type { Camera } from './config/schema.js'
import { EventRule } from './config/watch.js'
import { Activity } from './events/activity.js'
import { Scene } from './events/scene.js'
import { Untold } from './events/untold.js'
import { GAP_MS, type Mark, type Occurrence, type Telling, Watch } from './events/watch.js'
import { analyseOn, rulesOf } from './heads.js'
import type { Encoded } from './infer/messages.js'
import { type EventRecord, MOST_EVENTS } from './outbox.js'

export type Now = z.infer<typeof NowMessage>

export interface WatchingOptions {
  readonly dev: string
  readonly boot: string
  readonly bundle: Bundle
  readonly cameras: readonly Camera[]
  /** Something came, went, began to move or stands still. */
  now(cam: string, now: Now): void
}

/** A frame on its way to the archive. */
export interface Passing {
  readonly cam: string
  readonly seq: number
  readonly timeUs: number
  readonly bootMs: number
  readonly monoNs: bigint
  readonly clk: EventRecord['clk']
}

/** What a frame shows and carries. */
export interface Sighting {
  readonly cam: string
  readonly motion: number | undefined
  /** By class of the mask. */
  readonly moving: readonly number[] | undefined
  readonly events: readonly EventRecord[]
  /** What `now` says: another text when that is something else, and whether anything is present. */
  readonly shown: string
  readonly present: boolean
  /** The same events, and what the archive has missed before. */
  readonly unsaved: readonly EventRecord[]
  /** What of the camera's own it tells. */
  readonly tellings: readonly Telling[]
}

interface Watched {
  /** Of a camera that nothing is looked for on: what moves, and no more. */
  readonly scene: Scene | Activity
  readonly stir: Watch
  readonly untold: Untold
  shown: string
}

/** Empty scenes have up to 0.06 % (agent/infer/changes.ts). */
const MOTION = 0.001
const STIR = EventRule.parse({ class: 'motion', enterSeconds: 0.3, leaveSeconds: 5 })
/** An archive that takes nothing for long misses the oldest. */
const MOST_UNSAVED = 1000

export class Watching {
  private readonly cameras: ReadonlyMap<string, Watched>
  private readonly labels: ReadonlyMap<string, string>
  /** As told last, by id. */
  private readonly open = new Map<string, EventRecord>()
  private readonly unsaved = new Map<string, EventRecord>()
  /** What an agent before this one left open, to be told as ended. */
  private left: readonly EventRecord[] = []

  constructor(private readonly options: WatchingOptions) {
    const { cameras, bundle, boot } = options
    const { analyse } = bundle.manifest
    this.labels = new Map(analyse?.presence.map(({ id, label }) => [id, label]))
    this.cameras = new Map(
      cameras.filter(({ enabled }) => enabled).map((camera) => [camera.id, watched(camera, bundle, boot)]),
    )
  }

  /** Nobody has looked yet, or nobody looks any more. */
  blank(nowMs: number): void {
    for (const [cam, watched] of this.cameras) {
      watched.shown = ''
      this.options.now(cam, { v: 1, ts: isoOf(nowMs * 1000), present: [] })
    }
  }

  /** Another archive is there. @param open what it knows as going on */
  archived(open: readonly EventRecord[]): void {
    const known = (id: string) => this.open.has(id) || this.left.some((one) => one.id === id)
    const { dev } = this.options
    this.left = [...this.left, ...open.filter(({ id }) => !known(id)).map((record) => ({ ...record, dev }))]
    for (const [id, record] of this.open) this.unsaved.set(id, record)
  }

  see(frame: Passing, encoded: Encoded): Sighting {
    const watched = this.cameras.get(frame.cam)!
    const mark: Mark = { bootMs: frame.bootMs, ref: `${frame.cam}/${this.options.boot}/${frame.seq}` }
    const { motion, moving, present, events } = this.look(watched, mark, encoded)
    watched.untold.add(events)
    watched.stir.see(mark, { seen: (motion ?? 0) >= MOTION, p: 0, share: motion ?? 0 })
    this.show(frame, watched, present)
    const left = this.left.slice(0, MOST_EVENTS) // with any camera's frame: the event's own may stay away for ever
    const tellings = watched.untold.first(MOST_EVENTS - left.length)
    const records = [...left, ...tellings.map((telling) => this.record(telling, frame))]
    const unsaved = new Map([...this.unsaved, ...records.map((record) => [record.id, record] as const)])
    const { shown } = watched
    const saying = { shown, present: present.length > 0 }
    return { cam: frame.cam, motion, moving, events: records, ...saying, unsaved: [...unsaved.values()], tellings }
  }

  /** What became of the frame that carried it. */
  done({ cam, events, unsaved, tellings }: Sighting, fate: 'stored' | 'sent' | 'lost'): void {
    if (fate === 'lost') return
    this.cameras.get(cam)!.untold.told(tellings)
    this.left = this.left.filter((record) => !events.includes(record))
    for (const record of events) {
      if (record.phase === 'end') this.open.delete(record.id)
      else this.open.set(record.id, record)
      this.unsaved.set(record.id, record)
    }
    // Not all: while this frame was committed another archive may have been begun.
    if (fate === 'stored') for (const { id } of unsaved) this.unsaved.delete(id)
    while (this.unsaved.size > MOST_UNSAVED) this.unsaved.delete(this.unsaved.keys().next().value!)
  }

  private look({ scene }: Watched, mark: Mark, { tags, mask, changed }: Encoded) {
    if (scene instanceof Scene) return scene.observe({ ...mark, tags: tags!, mask: mask!, changed })
    const { motion, moving } = scene.look(mark.bootMs, changed, mask ?? new Uint8Array())
    return { motion, moving: mask && moving, present: [] as Occurrence[], events: [] as Telling[] }
  }

  private show(frame: Passing, watched: Watched, occurrences: readonly Occurrence[]): void {
    const motion = watched.stir.occurrence !== undefined
    const shown = JSON.stringify([motion, ...occurrences.map(({ id }) => id)])
    if (shown === watched.shown) return
    watched.shown = shown
    const present = occurrences.map(({ id, class: of, zone, since }) => ({
      class: of,
      label: this.labelOf(of),
      zone,
      since: timeOf(since, frame),
      id,
    }))
    this.options.now(frame.cam, { v: 1, ts: isoOf(frame.timeUs), motion, present })
  }

  private record({ phase, id, class: of, zone, since, until, peak, reason }: Telling, frame: Passing): EventRecord {
    const { dev, boot } = this.options
    return {
      v: 1,
      dev,
      cam: frame.cam,
      boot,
      seq: frame.seq,
      ts: isoOf(frame.timeUs),
      mono_ns: String(frame.monoNs),
      clk: frame.clk,
      id,
      phase,
      class: of,
      label: this.labelOf(of),
      zone,
      since: timeOf(since, frame),
      until: timeOf(until, frame),
      peak: { p: rounded(peak.p), share: rounded(peak.share), ts: timeOf(peak, frame) },
      bits: { first: since.ref, last: until.ref },
      ...(reason && { reason }),
    }
  }

  private labelOf(of: string): string {
    return this.labels.get(of) ?? of
  }
}

function watched(camera: Camera, bundle: Bundle, boot: string): Watched {
  const { id, width, height, fps, zones } = camera
  const { latent } = bundle.manifest
  const analyse = analyseOn(camera, bundle)
  const { stride = latent.stride, labels = [] } = maskOf(bundle.manifest) ?? {}
  const grid = (stride: number) => ({ width: width / stride, height: height / stride })
  const gapMs = Math.max(GAP_MS, 3000 / fps) // a slow camera has no more than three frames' time
  const name = `${id}-${boot.slice(0, 8)}`
  const options = { width, height, stride: latent.stride, zones, name, gapMs }
  return {
    scene: analyse
      ? new Scene(analyse, { ...options, events: rulesOf(camera, analyse) })
      : new Activity(grid(latent.stride), grid(stride), labels.length),
    stir: new Watch(STIR, () => 'motion', gapMs),
    untold: new Untold(),
    shown: '',
  }
}

/** By what is known of time with this frame. */
const timeOf = ({ bootMs }: Mark, frame: Passing): string => isoOf(frame.timeUs - (frame.bootMs - bootMs) * 1000)
