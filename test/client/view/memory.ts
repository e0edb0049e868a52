/** A source of what a test puts into it. */
import type {
  Activity,
  Audit,
  CameraView,
  EventQuery,
  FrameResult,
  LiveMessage,
  Page,
  SegmentQuery,
  SegmentView,
  StoredEvent,
  ViewSource,
} from '../../../client/view/source.js'
import { eventMessage } from '../box.js'
import { boot } from '../bundle.js'

export const cameraView = (over: Partial<CameraView> = {}): CameraView => ({
  dev: 'gate-1',
  cam: 'street',
  state: 'online',
  reason: 'frames come',
  box: 'online',
  zones: [],
  classes: [],
  present: [],
  ...over,
})

export function storedEvent(id: string, over: Partial<StoredEvent> = {}): StoredEvent {
  const { hist: _, ...event } = eventMessage(id, 'end', 9)
  return { ...(event as unknown as StoredEvent), ...over }
}

export const frameResult = (seq: number, over: Partial<FrameResult> = {}): FrameResult => ({
  dev: 'gate-1',
  cam: 'street',
  boot,
  seq,
  ts: '2026-05-01T08:00:00.000Z',
  ...over,
})

export class MemorySource implements ViewSource {
  readonly place = 'a test'
  readonly audits: Audit[] = []
  readonly asked: unknown[] = []
  readonly listeners = new Map<(message: LiveMessage) => void, ReadonlySet<string>>()
  bytes = new Map<string, Uint8Array>()
  fails: Error | undefined
  /** Of the record of views. */
  refuses: Error | undefined

  cameras = async () => [cameraView()]
  live(pictures: ReadonlySet<string>, hear: (message: LiveMessage) => void): () => void {
    hear({ kind: 'camera', camera: cameraView() })
    this.listeners.set(hear, pictures)
    return () => this.listeners.delete(hear)
  }
  keyframe = (dev: string, cam: string) => void this.asked.push(`keyframe ${dev}/${cam}`)
  recent = async (): Promise<readonly StoredEvent[]> => [storedEvent('before')]
  async events(query: EventQuery): Promise<Page<StoredEvent>> {
    this.asked.push(query)
    if (this.fails) throw this.fails
    return { items: [storedEvent('a')], cursor: '1:x' }
  }
  activity = async (): Promise<Activity> => ({ recorded: [1], motion: [null] })
  async segments(query: SegmentQuery): Promise<readonly SegmentView[]> {
    this.asked.push(query)
    return []
  }
  async segment(_dev: string, ref: string): Promise<Uint8Array> {
    const bytes = this.bytes.get(ref)
    if (!bytes) throw this.fails ?? new Error(`no ${ref}`)
    return bytes
  }
  results = async () => ({ items: [] })
  audit = async (line: Audit): Promise<void> => {
    if (this.refuses) throw this.refuses
    this.audits.push(line)
  }
  stop = async () => {}
}
