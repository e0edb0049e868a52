/** A collector's store as a source: the past is asked there and not of the boxes; what is live comes by the broker, where there is one. */

import { readRecord } from '../../codec/index.js'
import { typed } from '../../contract/command-line.js'
import { ClassifyResult, type DeviceState, InfoMessage, NowMessage, SegmentResult } from '../../contract/messages.js'
import type { ObjectStore } from '../collect/objects.js'
import { Failure } from '../failure.js'
import type { EventRow, Store, Stream } from '../store/store.js'
import type { AuditLog } from './audit.js'
import { MOST_RECENT, RECENT_MS } from './box/recent.js'
import type {
  Activity,
  Audit,
  CameraView,
  EventQuery,
  FrameResult,
  LiveMessage,
  Page,
  Results,
  SegmentQuery,
  SegmentView,
  StoredEvent,
  ViewSource,
} from './source.js'

export interface StoreOptions {
  readonly store: Store
  readonly objects: ObjectStore | undefined
  /** Absent: nothing comes live. */
  readonly live: ViewSource | undefined
  readonly audit: AuditLog
}

/** A segment that is not sealed lies as records: a keyframe and what follows it. */
const MOST_RECORDS = 4096

export class StoreSource implements ViewSource {
  constructor(private readonly options: StoreOptions) {}

  get place(): string {
    const { store, live } = this.options
    return `the store ${store.name}${live ? ` and ${live.place}` : ''}`
  }

  stop = async (): Promise<void> => {
    await this.options.live?.stop()
    await this.options.store.close()
  }

  /** What the broker says is newer. */
  async cameras(): Promise<readonly CameraView[]> {
    const unheard = await this.unheard()
    return [...((await this.options.live?.cameras()) ?? []), ...unheard]
  }

  /** Cameras that the broker has said nothing of. */
  private async unheard(): Promise<CameraView[]> {
    const stored = (await this.options.store.devices()).flatMap(({ dev, state, reason, info, cameras }) => {
      const sizes = parsed(InfoMessage, info)?.cameras ?? []
      return cameras.map((camera): CameraView => {
        const present = parsed(NowMessage, camera.now)?.present ?? []
        const size = sizes.find(({ id }) => id === camera.cam)
        return {
          ...{ dev, cam: camera.cam, box: (state as DeviceState | null) ?? 'unknown' },
          ...(reason === null ? {} : { boxReason: reason }),
          state: (camera.state as CameraView['state'] | null) ?? 'unknown',
          reason: camera.reason ?? '',
          ...(camera.since === null ? {} : { since: camera.since }),
          ...(camera.last === null ? {} : { last: camera.last }),
          ...(size ? { width: size.width, height: size.height, fps: size.fps } : {}),
          ...{ zones: [], classes: [], present },
        }
      })
    })
    const heard = new Set(((await this.options.live?.cameras()) ?? []).map(nameOf))
    return stored.filter((camera) => !heard.has(nameOf(camera)))
  }

  live(pictures: ReadonlySet<string>, hear: (message: LiveMessage) => void): () => void {
    const { live } = this.options
    let gone = false
    // The others are told by the broker's source.
    void this.unheard()
      .then((cameras) => {
        for (const camera of cameras) if (!gone) hear({ kind: 'camera', camera })
      })
      .catch((error) => hear({ kind: 'notice', text: (error as Error).message }))
    if (!live) hear({ kind: 'notice', text: 'No broker was named: nothing comes live, the past is in the store.' })
    const leave = live?.live(pictures, hear)
    return () => {
      gone = true
      leave?.()
    }
  }

  keyframe = (dev: string, cam: string): void => this.options.live?.keyframe(dev, cam)

  async recent(): Promise<readonly StoredEvent[]> {
    const from = new Date(Date.now() - RECENT_MS).toISOString()
    const { items } = await this.options.store.events({ from, limit: MOST_RECENT, newestFirst: true })
    return items.map(eventOf)
  }

  async events(query: EventQuery): Promise<Page<StoredEvent>> {
    const { items, cursor } = await this.options.store.events(query)
    return { items: items.map(eventOf), ...(cursor === undefined ? {} : { cursor }) }
  }

  async activity(dev: string, cam: string, fromMs: number, toMs: number, buckets: number): Promise<Activity> {
    const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
    const parts = await this.options.store.activity(dev, cam, from, to, buckets)
    return {
      recorded: parts.map(({ frames }) => (frames > 0 ? 1 : 0)),
      motion: parts.map(({ frames, motion }) => (frames > 0 ? motion : null)),
    }
  }

  async segments(query: SegmentQuery): Promise<readonly SegmentView[]> {
    const { items } = await this.options.store.segments(query)
    return items.map(({ ref, from, to }) => ({ ref, from, to }))
  }

  async segment(dev: string, ref: string): Promise<Uint8Array> {
    const { store, objects } = this.options
    const [cam, boot, seq] = ref.split('/')
    const found = await store.find(dev, cam, boot, Number(seq))
    if (!found) throw new Failure('input', `no segment ${ref}, ${store.name}, it was never there or is expired`)
    if (!found.sealed) return this.loose(found.stream, Number(seq), ref)
    const { data, place } = found.sealed
    const bytes = data ?? (place === undefined ? undefined : await objects?.get(place))
    if (bytes) return bytes
    throw new Failure(
      'input',
      objects
        ? `the object of segment ${ref} is gone, ${objects.name}/${place}, see ${typed('verify')}`
        : `segment ${ref} lies in a folder, ${place}, name that with --bits`,
    )
  }

  async results(dev: string, cam: string, boot: string, fromSeq: number, toSeq: number): Promise<Results> {
    const items: FrameResult[] = []
    for (const { seq, kind, time, json } of await this.options.store.results(dev, cam, boot, fromSeq, toSeq)) {
      const base = { dev, cam, boot, seq, ts: time }
      const cls = kind === 'cls' ? parsed(ClassifyResult, json) : undefined
      const seg = kind === 'seg' ? parsed(SegmentResult, json) : undefined
      if (cls) items.push({ ...base, tags: cls.cls })
      if (seg) items.push({ ...base, seg: seg.seg })
    }
    return { items }
  }

  /** In the store, where a fleet's owner looks for it. What cannot be written there is not shown. */
  async audit(line: Audit): Promise<void> {
    const { store, audit } = this.options
    await audit.write(line)
    const { ts: at, who, address, dev, cam, from, to = from, ref = 'live' } = line
    try {
      await store.audit({ at, who: `${who} (${address})`, dev, cam, from, to, ref })
    } catch (cause) {
      throw new Failure(
        'other',
        `nothing is shown that cannot be written down, and the store takes no record of views, ${store.name}: ${(cause as Error).message}`,
        { cause },
      )
    }
  }

  private async loose(stream: Stream, seq: number, ref: string): Promise<Uint8Array> {
    const records = await this.options.store.records(stream.id, seq, MOST_RECORDS)
    const segment: Uint8Array[] = []
    for (const { bytes, seq: at, position } of records) {
      if (at - position > seq || (segment.length > 0 && readRecord(bytes).kind === 'key')) break
      segment.push(bytes)
    }
    if (segment.length > 0) return Buffer.concat(segment)
    throw new Failure('input', `no bitstream of segment ${ref}, ${this.options.store.name}, only its results are there`)
  }
}

const nameOf = ({ dev, cam }: CameraView): string => `${dev}/${cam}`

const eventOf = ({ ended, bits: _, ...event }: EventRow): StoredEvent => ({
  ...event,
  phase: ended ? 'end' : 'update',
})

/** What an earlier or later version wrote may not be understood: then it is not shown. */
function parsed<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  json: string | null,
): T | undefined {
  if (json === null) return undefined
  try {
    const found = schema.safeParse(JSON.parse(json))
    return found.success ? found.data : undefined
  } catch {
    return undefined
  }
}
