/** Frames as the pipeline commits them, with bits that their hash vouches for. */
import { createHash } from 'node:crypto'
import type { Archive, ArchiveLimits } from '../../../agent/archive/archive.js'
import { type NewFrame, Part } from '../../../agent/outbox.js'

export const boot = '0123456789abcdef'
export const nowMs = Date.UTC(2026, 10, 24)

export const frame = (seq: number, more: Partial<NewFrame> & { size?: number } = {}): NewFrame => {
  const { size = 3000, ...rest } = more
  const bits = new Uint8Array(size).fill(seq)
  return {
    cam: 'street',
    boot,
    seq,
    timeUs: (nowMs + seq * 1000) * 1000,
    keySeq: seq - (seq % 5),
    bits,
    sha256: createHash('sha256').update(bits).digest('hex'),
    model: 'lean-5',
    result: JSON.stringify({ common: { cam: 'street', boot, seq }, cls: [{ id: 'n1', label: 'street', p: 0.5 }] }),
    parts: Part.cls | Part.bits,
    ...rest,
  }
}

export const limits: ArchiveLimits = {
  maxBytes: 1e12,
  maxAgeMs: 1e13,
  minFreeBytes: 0,
  keepNewestMs: 0,
  outboxMaxBytes: 1e12,
  outboxMaxAgeMs: 1e13,
  onFull: 'drop_oldest',
}

const PAGE = 4096
/** For maxBytes: what so many frames of its archive take, each of a size that has a page of the database to itself. */
export const roomFor = (frames: number, { stats }: Archive): number => stats.bytes - (stats.frames - frames) * PAGE

/** A moment of a clock that is known to be right. */
export const at = (timeMs: number) => ({ timeMs, bootMs: timeMs, known: true, sure: true })
