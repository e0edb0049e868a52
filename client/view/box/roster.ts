/** Which cameras there are and how they are, from what boxes say of themselves (retained messages). */
import {
  CameraStateMessage,
  DeviceStateMessage,
  type EventMessage,
  InfoMessage,
  NowMessage,
} from '../../../contract/messages.js'
import type { CameraView } from '../source.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Zones and classes that are remembered of a camera, and cameras: more is somebody's mistake. */
const MOST_NAMES = 64
const MOST_CAMERAS = 2000

export class Roster {
  private readonly cams = new Map<string, Mutable<CameraView>>()
  private readonly boxes = new Map<string, { state: CameraView['box']; reason?: string | undefined }>()

  list(): CameraView[] {
    return [...this.cams.values()].sort((a, b) => keyOf(a).localeCompare(keyOf(b)))
  }

  boxNames = (): string[] => [...new Set(this.list().map(({ dev }) => dev))]

  get(dev: string, cam: string): CameraView | undefined {
    return this.cams.get(`${dev}/${cam}`)
  }

  /** @returns the cameras that look another now. @throws {Error} what is wrong with the payload */
  box(dev: string, what: 'state' | 'info', json: unknown): CameraView[] {
    if (what === 'info')
      return InfoMessage.parse(json).cameras.flatMap(({ id, width, height, fps }) =>
        this.change(dev, id, { width, height, fps }),
      )
    const { state, reason } = DeviceStateMessage.parse(json)
    this.boxes.set(dev, { state, reason })
    const mine = this.list().filter((camera) => camera.dev === dev)
    return mine.flatMap(({ cam }) => this.change(dev, cam, { box: state, boxReason: reason }))
  }

  camera(dev: string, cam: string, what: 'state' | 'now', json: unknown): CameraView[] {
    if (what === 'state') return this.change(dev, cam, CameraStateMessage.pick(shown).parse(json))
    const { present } = NowMessage.parse(json)
    const zones = present.flatMap(({ zone }) => zone ?? [])
    return this.change(
      dev,
      cam,
      { present },
      zones,
      present.map((one) => one.class),
    )
  }

  /** An event tells which zones and classes there are. */
  event({ dev, cam, zone, class: of }: Pick<EventMessage, 'dev' | 'cam' | 'zone' | 'class'>): CameraView[] {
    const known = this.get(dev, cam)
    if (known?.classes.includes(of) && (zone === null || known.zones.includes(zone))) return []
    return this.change(dev, cam, {}, zone === null ? [] : [zone], [of])
  }

  /** A camera that was retained and is no more. */
  forget(dev: string, cam: string): CameraView[] {
    return this.change(dev, cam, { state: 'disabled', reason: 'the box has it no more', present: [] })
  }

  private change(
    dev: string,
    cam: string,
    fields: { [K in keyof CameraView]?: CameraView[K] | undefined },
    zones: readonly string[] = [],
    classes: readonly string[] = [],
  ): CameraView[] {
    const key = `${dev}/${cam}`
    const { state: box = 'unknown', reason: boxReason } = this.boxes.get(dev) ?? {}
    const before = this.cams.get(key) ?? { ...blank(dev, cam), box, ...(boxReason === undefined ? {} : { boxReason }) }
    if (!this.cams.has(key) && this.cams.size >= MOST_CAMERAS) return []
    const after = { ...before, zones: joined(before.zones, zones), classes: joined(before.classes, classes) }
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) delete (after as Record<string, unknown>)[name]
      else Object.assign(after, { [name]: value })
    }
    this.cams.set(key, after)
    return [after]
  }
}

const shown = { state: true, reason: true, since: true } as const
const keyOf = ({ dev, cam }: CameraView): string => `${dev}/${cam}`
const joined = (known: readonly string[], more: readonly string[]): readonly string[] =>
  more.every((name) => known.includes(name)) ? known : [...new Set([...known, ...more])].slice(0, MOST_NAMES)
const blank = (dev: string, cam: string): Mutable<CameraView> => ({
  dev,
  cam,
  state: 'unknown',
  reason: 'nothing was heard of it yet',
  box: 'unknown',
  zones: [],
  classes: [],
  present: [],
})
