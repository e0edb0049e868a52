/** Answers `results`: what was said of archived frames, again, for whoever missed it. */
import type { responses } from '../../contract/messages.js'
import type { ResultKind } from '../../contract/topics.js'
import { type StoredFrame, wentOut } from '../outbox.js'

export type ResultsAnswer = Extract<(typeof responses)['results']['_output'], { status: 'ok' }>

type Item = { -readonly [K in keyof ResultsAnswer['items'][number]]: ResultsAnswer['items'][number][K] }

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

/** Frames told in one answer: some 5 kB and a tenth of a millisecond each, and live results wait for it. */
const MOST_FRAMES = 50
/** Frames read for one, where those that were left out are passed over. */
const MOST_READ = 200
/** Of an answer, unless the broker takes less. */
const MOST_BYTES = 256 * 1024

export interface Range {
  readonly cam: string
  readonly boot: string
  readonly from: number
  readonly to: number
  /** Only what went out. */
  readonly published?: boolean
}

/**
 * @param goesOn the run is not over: what is behind the last one that was here may still come
 * @returns undefined when nothing of this run has ever been here
 */
export function resultsOf(
  { cam, boot, from, to, published = false }: Range,
  store: ResultStore,
  tell: Tell,
  room: number,
  goesOn = true,
): Omit<ResultsAnswer, 'transaction'> | undefined {
  const last = store.lastSeen(cam, boot)
  if (last === undefined) return undefined
  const limit = published ? MOST_READ : MOST_FRAMES
  const frames = store.results(cam, boot, from, to, limit)
  const most = Math.min(room, MOST_BYTES)
  const items: ResultsAnswer['items'] = []
  const gone: ResultsAnswer['gone'] = []
  const left: ResultsAnswer['gone'] = []
  const answer = { status: 'ok' as const, items, gone, ...(published && { left }) }
  let at = from
  let bytes = 0
  for (const frame of frames) {
    const { item, leftOut } = itemOf(frame, tell, published)
    const length = item ? JSON.stringify(item).length : 0
    // A frame that no message can carry is passed over as the first one of an answer, so that it does not stand in the way.
    const full = items.length === MOST_FRAMES || (bytes + length > most && items.length > 0)
    if (full) return { ...answer, next: frame.seq }
    if (frame.seq > at) gone.push({ from: at, to: frame.seq - 1 })
    if (leftOut) add(left, frame.seq)
    if (item && length <= most) items.push(item)
    else if (!leftOut) gone.push({ from: frame.seq, to: frame.seq })
    bytes += length
    at = frame.seq + 1
  }
  if (frames.length === limit && at <= to) return { ...answer, next: at }
  const end = Math.min(to, last)
  if (at <= end) gone.push({ from: at, to: end })
  return { ...answer, ...(!goesOn && { last }) }
}

function add(spans: ResultsAnswer['gone'], seq: number): void {
  const last = spans.at(-1)
  if (last?.to === seq - 1) last.to = seq
  else spans.push({ from: seq, to: seq })
}

/** No item: its record is damaged, or, where it was left out, there is nothing to tell of it. */
function itemOf(frame: StoredFrame, tell: Tell, published: boolean): { item?: Item; leftOut: boolean } {
  const item: Item = { seq: frame.seq }
  let leftOut = false
  try {
    const out = published ? wentOut(frame.result) : undefined
    leftOut = out?.results === false
    if (leftOut && !out?.events) return { leftOut }
    if (out?.bits) item.bits = out.prev ? { prev: out.prev.bits ?? null } : {}
    for (const { kind, payload } of tell(frame)) {
      if (typeof payload !== 'string') continue
      if (kind === 'evt') item.evt = [...(item.evt ?? []), JSON.parse(payload)]
      else if (kind !== 'bits' && !leftOut) item[kind] = JSON.parse(payload)
    }
  } catch {
    return { leftOut: false }
  }
  return { item, leftOut }
}
