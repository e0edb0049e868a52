/**
 * An archive that nobody filmed: four cameras at 10 frames/s, segments of 25 frames, an event of 60 frames in every 500, the box started
 * anew every half day. Bitstream and result are short, so that millions of frames fit on a disk: what is measured on them is tables
 * and indexes, whose entries are as many and as long as in a real one.
 */
import { statfsSync } from 'node:fs'
import { openDatabase } from '../../../agent/archive/database.js'
import { EventTable } from '../../../agent/archive/event-table.js'
import { pack } from '../../../agent/archive/packed.js'
import { Spans } from '../../../agent/archive/spans.js'
import type { EventRecord, NewFrame } from '../../../agent/outbox.js'
import { isoOf } from '../../../contract/time.js'

export const CAMS = ['door', 'gate', 'street', 'yard'] as const
export const SEGMENT = 25
export const EVENT = { every: 500, frames: 60 } as const
export const BIT_BYTES = 100
const FPS = 10
export const FRAME_US = 1e6 / FPS
/** Of one camera, between two starts of the box. */
const RUN = FPS * 43_200
const ENDS_US = Date.UTC(2026, 10, 24) * 1000
const BATCH = 20_000
/** What one takes on the disk, as made here. */
const ROW_BYTES = 350

const bits = Buffer.alloc(BIT_BYTES, 7)
const sha256 = 'ab'.repeat(32)
const result = JSON.stringify({ common: { v: 1, cam: 'street', ts: isoOf(ENDS_US) }, cls: [], q: { lat_ms: 40 } })

export interface Place {
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
}

export const hours = (rows: number): number => rows / CAMS.length / FPS / 3600

/** Where the nth of so many frames stands; those behind the last one go on. */
export function place(n: number, rows: number): Place {
  const ofCam = Math.floor(n / CAMS.length)
  const boot = (0xb007 + Math.floor(ofCam / RUN)).toString(16).padStart(16, '0')
  const timeUs = ENDS_US - (Math.floor(rows / CAMS.length) - ofCam) * FRAME_US
  return { cam: CAMS[n % CAMS.length]!, boot, seq: ofCam % RUN, timeUs }
}

export function frameAt(n: number, rows: number): NewFrame {
  const { cam, boot, seq, timeUs } = place(n, rows)
  const keySeq = seq - (seq % SEGMENT)
  return { cam, boot, seq, timeUs, keySeq, bits, sha256, model: 'field-1', result, parts: 0 }
}

/** Told when it ends; undefined: none ends with this frame. */
function eventAt(n: number, rows: number): EventRecord | undefined {
  const { cam, boot, seq, timeUs } = place(n, rows)
  if (seq % EVENT.every !== EVENT.frames - 1) return undefined
  const first = seq - EVENT.frames + 1
  const since = isoOf(timeUs - (EVENT.frames - 1) * FRAME_US)
  const of = Math.floor(seq / EVENT.every) % 2 ? 'vehicle' : 'person'
  return {
    ...{
      v: 1,
      dev: 'bench',
      cam,
      boot,
      seq,
      mono_ns: '0',
      clk: 'ok',
      id: `${cam}-${boot.slice(-8)}-${seq}`,
      phase: 'end',
    },
    ...{ class: of, label: of, zone: null, ts: isoOf(timeUs), since, until: isoOf(timeUs) },
    ...{
      peak: { p: 0.9, share: 0.1, ts: since },
      bits: { first: `${cam}/${boot}/${first}`, last: `${cam}/${boot}/${seq}` },
    },
  } as EventRecord
}

export function needs(rows: number, dir: string): void {
  const { bavail, bsize } = statfsSync(dir)
  const bytes = rows * ROW_BYTES * 1.2
  if (bavail * bsize < bytes)
    throw new Error(
      `${dir}: ${rows} frames need ${(bytes / 1e9).toFixed(1)} GB there; make room, or name another folder with --dir`,
    )
}

/** In large transactions without a journal: whoever is killed here begins again. */
export function make(dir: string, rows: number, say: (line: string) => void): void {
  const { db, lock } = openDatabase(dir)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -200000')
  const insert = db.prepare(
    `INSERT INTO frames (cam, boot, seq, time_us, key_seq, bytes, sha256, model, result, bits)
     VALUES (@cam, @boot, @seq, @timeUs, @keySeq, ${BIT_BYTES}, @sha256, @model, @packed, @bits)`,
  )
  const events = new EventTable(db, new Spans(db))
  const packed = pack(result)
  const began = performance.now()
  let told = began
  const batch = db.transaction((from: number) => {
    for (let n = from; n < Math.min(from + BATCH, rows); n++) {
      const { parts: _, result: __, ...frame } = frameAt(n, rows)
      const id = Number(insert.run({ ...frame, packed }).lastInsertRowid)
      const event = eventAt(n, rows)
      if (event) events.note(id, [event])
    }
  })
  for (let from = 0; from < rows; from += BATCH) {
    batch(from)
    const now = performance.now()
    const done = Math.min(from + BATCH, rows)
    if (now - told < 5000) continue
    told = now
    const left = ((now - began) / done) * (rows - done)
    say(`${done} of ${rows} frames made, ${Math.ceil(left / 1000)} s left`)
  }
  db.pragma('journal_mode = WAL')
  db.close()
  lock.close()
}
