/** Frames of the size that field-1 has on the demo's clip at 448x256, without the networks: cls 1.1 kB, seg 2.4 kB, bits 0.7 kB. */
import { createHash } from 'node:crypto'
import { type EventRecord, eventParts, type NewFrame, Part } from '../../agent/outbox.js'
import type { ResultRecord } from '../../agent/publish/results.js'
import { type Coded, Encoder, type FrameInfo, Packer } from '../../codec/index.js'
import { coding, SHAPE, frames as symbolsOf } from '../codec/scene.js'

const TAGS = ['person', 'car', 'bus', 'truck', 'bicycle', 'motorcycle', 'dog', 'cat']
const CLASSES = [
  'other',
  'person',
  'two-wheeler',
  'car',
  'large vehicle',
  'animal',
  'road',
  'pavement',
  'building',
  'vegetation',
  'sky',
]
const MASK = { w: 112, h: 64 }
/** Runs of a mask: as many as a street has. */
const RUNS = 230
const SEGMENT = 32
const HASH = 'ca361fa2a8d470a190012702af0f48b0f520e83c4335cea93517b5f205ceac82'

/** One segment's, coded once: what is packed of it differs by camera and run. */
let coded: Coded[] | undefined
function codedFrames(): Coded[] {
  if (coded) return coded
  const encoder = new Encoder('fast', coding(), SHAPE)
  coded = symbolsOf(7, SEGMENT, SHAPE, 0.1).map((symbols, i) => encoder.encode(symbols, { key: i === 0 }))
  return coded
}

/** Makes the frames of one camera and run, one after the other. */
export class Frames {
  private seq = 0
  private readonly packer = new Packer('00112233445566aa')
  private present: EventRecord | undefined

  constructor(
    private readonly dev: string,
    private readonly cam: string,
    private readonly boot: string,
    private readonly random: () => number,
  ) {}

  /** @param timeMs when it was taken */
  next(timeMs: number): NewFrame {
    const seq = this.seq++
    const i = seq % SEGMENT
    const keySeq = seq - i
    const { cam, boot } = this
    const bits = this.packer.pack(this.info(seq, timeMs), codedFrames()[i])
    const sha256 = createHash('sha256').update(bits).digest('hex')
    const events = this.happens(seq, timeMs)
    const record = this.record(seq, keySeq, timeMs, { bytes: bits.length, sha256 }, events)
    const parts = Part.cls | Part.seg | Part.bits | eventParts(events.length)
    const common = { cam, boot, seq, keySeq, timeUs: timeMs * 1000, bits, sha256, model: 'field-1', parts }
    return { ...common, result: JSON.stringify(record), events }
  }

  private info(seq: number, timeMs: number): FrameInfo {
    const { cam: camera, boot } = this
    const size = { width: SHAPE.width * 8, height: SHAPE.height * 8, channels: 4, levels: 6, stride: 8 }
    return {
      mode: 0,
      bundle: HASH.slice(0, 16),
      tables: HASH.slice(16, 32),
      camera,
      boot,
      seq,
      timeUs: timeMs * 1000,
      ...size,
    }
  }

  private record(
    seq: number,
    keySeq: number,
    timeMs: number,
    bits: { bytes: number; sha256: string },
    events: EventRecord[],
  ) {
    const { dev, cam, boot } = this
    const ts = new Date(timeMs).toISOString()
    const ref = (of: number) => `${cam}/${boot}/${of}`
    const share = () => Number(this.random().toFixed(4))
    const record: ResultRecord = {
      common: {
        ...({ v: 1, dev, cam, boot, seq, ts, mono_ns: `${timeMs}000000`, clk: 'ok' } as const),
        frame: { w: 448, h: 256 },
        model: { id: 'field-1', sha256: HASH, ep: 'cpu' },
        lat: { shape: [16, 32, 56], bpp: 0.05 },
        bits: { ref: ref(seq), ...bits, fmt: 'blindsight.frame.v2', key: seq === keySeq, segment: ref(keySeq) },
        motion: share(),
      },
      q: { lat_ms: 40, dropped: 0 },
      cls: TAGS.map((id) => ({ id, label: id, p: share(), there: false })),
      seg: {
        ...MASK,
        classes: CLASSES.map((label, id) => ({ id, label, frac: share(), moving: share() })),
        mask: { enc: 'rle', data: this.runs() },
      },
      events,
    }
    return record
  }

  private runs(): number[] {
    const all = MASK.w * MASK.h
    const each = Math.floor(all / RUNS)
    const runs = Array.from({ length: RUNS }, (_, i) => [
      Math.floor(this.random() * CLASSES.length),
      i === 0 ? all - each * (RUNS - 1) : each,
    ])
    return runs.flat()
  }

  /** Somebody comes now and then, and goes again. */
  private happens(seq: number, timeMs: number): EventRecord[] {
    if (this.random() > (this.present ? 0.1 : 0.02)) return []
    const ts = new Date(timeMs).toISOString()
    const ref = `${this.cam}/${this.boot}/${seq}`
    const began = this.present
    const event: EventRecord = {
      ...({ v: 1, dev: this.dev, cam: this.cam, boot: this.boot, seq, ts, clk: 'ok' } as const),
      id: began?.id ?? `${this.cam}-${this.boot.slice(0, 8)}-${seq}`,
      phase: began ? 'end' : 'start',
      ...{ class: 'person', label: 'person', zone: null },
      since: began?.since ?? ts,
      until: ts,
      peak: { p: 0.9, share: 0.1, ts },
      bits: { first: began?.bits.first ?? ref, last: ref },
    }
    this.present = began ? undefined : event
    return [event]
  }
}
