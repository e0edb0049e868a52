/** Records of a stream -> segments, each a file as `archive get` fetches it: begun by a keyframe, over when the next one has come. */
import { readRecord, segmentFile } from '../../codec/index.js'
import { recordsOf } from '../bitstreams/records.js'
import type { Span } from '../listen/sequence.js'
import type { LooseRecord, Sealed, Store, Stream } from '../store/store.js'
import type { Figures } from './figures.js'
import { type ObjectStore, placeOf, sha256Of } from './objects.js'

export interface Patience {
  /** A segment that has not grown for so long is over, whatever is missing of it. */
  readonly quietMs: number
}

/** Records read at once; a segment is at most some dozens. */
const READ = 256

export class Sealer {
  constructor(
    private readonly store: Pick<Store, 'loose' | 'records' | 'sealed' | 'seal' | 'forget'>,
    private readonly objects: ObjectStore | undefined,
    private readonly figures: Figures,
    private readonly patience: Patience,
  ) {}

  /**
   * All that is over.
   * @param missing by stream, what may still come
   * @throws what the store or the objects say
   */
  async run(missing: ReadonlyMap<number, readonly Span[]>, nowMs: number, signal?: AbortSignal): Promise<void> {
    for (const { stream, first, lastAt } of await this.store.loose()) {
      if (signal?.aborted) return
      const quiet = nowMs - Date.parse(lastAt) > this.patience.quietMs
      await this.stream(stream, first, missing.get(stream.id) ?? [], quiet)
    }
  }

  private async stream(stream: Stream, first: number, missing: readonly Span[], quiet: boolean): Promise<void> {
    const awaited = (from: number, to: number) => missing.some((span) => span.from <= to && span.to >= from)
    let from = first
    for (;;) {
      const records = await this.store.records(stream.id, from, READ)
      const groups = bySegment(records)
      // What the page cuts may go on behind it.
      const whole = records.length < READ ? groups : groups.slice(0, -1)
      for (const [i, group] of whole.entries()) {
        const next = groups[i + 1]
        if (quiet || (next && !awaited(group.key, next.key - 1))) await this.seal(stream, group)
      }
      if (records.length < READ || whole.length === 0) return
      from = groups.at(-1)!.records[0].seq
    }
  }

  private async seal(stream: Stream, { key, records }: Group): Promise<void> {
    const begun = records[0].seq === key ? undefined : await this.store.sealed(stream.id, key)
    const usable = begun ? await this.recordsIn(begun) : []
    const before = usable.length
    const unusable: number[] = []
    for (const { seq, bytes } of records) {
      if (unusable.length === 0 && fits(usable.at(-1), bytes)) usable.push(bytes)
      else unusable.push(seq)
    }
    // By the times that were filed: a clock that was wrong then must not put it elsewhere.
    const times = { from: begun?.from ?? records[0].time, to: records[usable.length - before - 1]?.time ?? '' }
    if (usable.length > before) await this.put(stream, key, usable, times)
    // Those that they were predicted from were asked for, and are not to be had.
    await this.store.forget(stream.id, unusable)
    this.figures.sealing(unusable.length)
  }

  private async put(
    { id, dev, cam, boot }: Stream,
    key: number,
    records: readonly Uint8Array[],
    times: { readonly from: string; readonly to: string },
  ): Promise<void> {
    const file = segmentFile(records)
    const [head, tail] = [readRecord(records[0]), readRecord(records.at(-1)!)]
    const made = {
      seq: key,
      last: tail.seq,
      frames: records.length,
      ...times,
      bytes: file.length,
      sha256: sha256Of(file),
      bundle: head.frame!.bundle,
    }
    if (!this.objects) return this.store.seal(id, { ...made, data: file })
    const place = placeOf(dev, cam, boot, key)
    // First the object, then the row that names it: a crash between the two leaves records that are sealed again.
    await this.objects.put(place, file)
    await this.store.seal(id, { ...made, place })
  }

  private async recordsIn({ place, data }: Sealed): Promise<Uint8Array[]> {
    const file = data ?? (place && (await this.objects?.get(place)))
    if (!file) throw new Error(`the segment ${place} is in the store and not in ${this.objects?.name}`)
    return recordsOf(file).map(({ bytes }) => bytes)
  }
}

interface Group {
  /** seq of the keyframe. */
  readonly key: number
  readonly records: LooseRecord[]
}

function bySegment(records: readonly LooseRecord[]): Group[] {
  const groups: Group[] = []
  for (const record of records) {
    const key = record.seq - record.position
    if (groups.at(-1)?.key === key) groups.at(-1)!.records.push(record)
    else groups.push({ key, records: [record] })
  }
  return groups
}

/** Whether it is the keyframe of a segment, or was predicted from the last one of it. */
function fits(last: Uint8Array | undefined, bytes: Uint8Array): boolean {
  const record = readRecord(bytes)
  return last === undefined ? record.kind === 'key' : record.chain === readRecord(last).crc
}
