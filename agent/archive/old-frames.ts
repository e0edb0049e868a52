/** What the rows of a damaged database say, believed only where it can be checked. */
import { createHash } from 'node:crypto'
import { StoredEvent } from '../../contract/messages.js'
import { bootPattern, idPattern } from '../../contract/names.js'
import { ALL_PARTS, type EventRecord, eventParts, MOST_EVENTS, type OldFrame, Part } from '../outbox.js'
import type { Row, Value } from './cells.js'
import { unpack } from './packed.js'

/** A row of the table outbox: which messages of which frame were still to go. */
export function outboxRow({ rowid, values }: Row): { id: number; parts: number } | undefined {
  const [first, parts, timeUs, bytes] = values
  if (values.length !== 4 || first !== null) return undefined
  return isCount(parts) && parts <= ALL_PARTS && isCount(timeUs) && isCount(bytes) ? { id: rowid, parts } : undefined
}

/** An entry of the index of the frames' names: there is one for every frame. */
export const isName = ({ values: [cam, boot, seq, id], values }: Row): boolean =>
  values.length === 4 && typeof cam === 'string' && isBoot(boot) && isCount(seq) && isCount(id)

/** Whether the row is one of the table frames, damaged or not. */
export const isFrame = ({ values }: Row): boolean => values.length >= 11 && values[0] === null && isBoot(values[2])

/** The frame of a row, if the bitstream is the one that was written. A result that is not of this frame is left out. */
export function frameOf(row: Row, pending: (id: number) => number | undefined): OldFrame | undefined {
  const [, cam, boot, seq, timeUs, bytes, sha256, model, pinned, result, bits, keySeq] = row.values
  if (typeof cam !== 'string' || !idPattern.test(cam) || !isBoot(boot) || !isCount(seq)) return undefined
  if (!isCount(timeUs) || !isCount(row.rowid) || typeof model !== 'string' || !Buffer.isBuffer(bits)) return undefined
  if (bits.length !== bytes || createHash('sha256').update(bits).digest('hex') !== sha256) return undefined
  const told = typeof result === 'string' || Buffer.isBuffer(result) ? toldOf(result, boot, seq) : undefined
  return {
    id: row.rowid,
    cam,
    boot,
    seq,
    timeUs,
    keySeq: isCount(keySeq) && keySeq <= seq ? keySeq : seq,
    bits,
    sha256,
    model,
    pinned: pinned === 1 ? 1 : 0,
    result: told?.result ?? '{}',
    parts: told === undefined ? 0 : (pending(row.rowid) ?? 0) & told.parts,
    events: told?.events ?? [],
  }
}

const Events = StoredEvent.array().max(MOST_EVENTS)

/** What a result has to publish; undefined if it is not of this frame, or none. Its hash covers the bitstream only. */
function toldOf(
  stored: string | Buffer,
  boot: string,
  seq: number,
): { result: string; parts: number; events: EventRecord[] } | undefined {
  try {
    const result = unpack(stored)
    const { common, cls, seg, prev, events: carried = [] } = JSON.parse(result)
    if (common.boot !== boot || common.seq !== seq) return undefined
    const events = Events.parse(carried)
    // What was left out on purpose was never in the outbox.
    const results = !prev || 'results' in prev ? (cls ? Part.cls : 0) | (seg ? Part.seg : 0) : 0
    const parts = results | (!prev || 'bits' in prev ? Part.bits : 0) | eventParts(events.length)
    return { result, parts, events }
  } catch {
    return undefined
  }
}

const isCount = (value: Value | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isBoot = (value: Value | undefined): value is string => typeof value === 'string' && bootPattern.test(value)
