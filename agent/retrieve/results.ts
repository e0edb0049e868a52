/** Answers `results`: what was published of archived frames, again, for whoever missed it. */
import type { responses } from '../../contract/messages.js'
import type { ResultKind } from '../../contract/topics.js'
import type { StoredFrame } from '../outbox.js'
import { leftOut } from '../publish/results.js'

export type ResultsAnswer = Extract<(typeof responses)['results']['_output'], { status: 'ok' }>

type Item = ResultsAnswer['items'][number]

/** What is needed of the archive. */
export interface ResultStore {
  /** Frames with seq in [from, to], in their order, with what was said of them. */
  results(cam: string, boot: string, from: number, to: number, limit: number): StoredFrame[]
  /** The highest seq of this run that has been here; undefined: none. */
  lastSeen(cam: string, boot: string): number | undefined
}

/** The messages of a frame as they are published late. */
export type Tell = (
  frame: StoredFrame,
) => readonly { readonly kind: ResultKind; readonly payload: string | Uint8Array }[]

/** Frames read for one answer: some 5 kB and a tenth of a millisecond each, and live results wait for it. */
const MOST_FRAMES = 50
/** Of an answer, unless the broker takes less. */
const MOST_BYTES = 256 * 1024

export interface Range {
  readonly cam: string
  readonly boot: string
  readonly from: number
  readonly to: number
}

/** @returns undefined when nothing of this run has ever been here */
export function resultsOf(
  { cam, boot, from, to }: Range,
  store: ResultStore,
  tell: Tell,
  room: number,
): Omit<ResultsAnswer, 'transaction'> | undefined {
  const last = store.lastSeen(cam, boot)
  if (last === undefined) return undefined
  const frames = store.results(cam, boot, from, to, MOST_FRAMES)
  const most = Math.min(room, MOST_BYTES)
  const items: ResultsAnswer['items'] = []
  const gone: ResultsAnswer['gone'] = []
  let at = from
  let bytes = 0
  for (const frame of frames) {
    const item = itemOf(frame, tell)
    const length = item ? JSON.stringify(item).length : 0
    // A frame that no message can carry is passed over as the first one of an answer, so that it does not stand in the way.
    if (bytes + length > most && items.length > 0) return { status: 'ok', items, gone, next: frame.seq }
    if (frame.seq > at) gone.push({ from: at, to: frame.seq - 1 })
    if (item && length <= most) items.push(item)
    else gone.push({ from: frame.seq, to: frame.seq })
    bytes += length
    at = frame.seq + 1
  }
  if (frames.length === MOST_FRAMES && at <= to) return { status: 'ok', items, gone, next: at }
  // What is behind the last one that was here is not gone: it may still come.
  if (at <= Math.min(to, last)) gone.push({ from: at, to: Math.min(to, last) })
  return { status: 'ok', items, gone }
}

/** @returns undefined of a frame whose record is damaged */
function itemOf(frame: StoredFrame, tell: Tell): Item | undefined {
  const item: { -readonly [K in keyof Item]: Item[K] } = { seq: frame.seq }
  let messages: ReturnType<Tell>
  try {
    messages = tell(frame)
    if (leftOut(frame)) item.left_out = true
  } catch {
    return undefined
  }
  for (const { kind, payload } of messages) {
    if (typeof payload !== 'string') continue
    if (kind === 'evt') item.evt = [...(item.evt ?? []), JSON.parse(payload)]
    else if (kind !== 'bits') item[kind] = JSON.parse(payload)
  }
  return item
}
