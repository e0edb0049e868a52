/** Records of a stream -> segments, each a file as `archive get` fetches it: begun by a keyframe, over when the next one has come. */
import { readRecord, segmentFile } from '../../codec/index.js'
import { recordsOf } from '../bitstreams/records.js'
import { meet, type Span } from '../listen/sequence.js'
import type { Coverage, LooseRecord, Sealed, Store, Stream } from '../store/store.js'
import type { Figures } from './figures.js'
import { type ObjectStore, placeOf, sha256Of } from './objects.js'

export interface Patience {
  /** A segment that has not grown for so long is over, whatever is missing of it. */
  readonly quietMs: number
}

/** Records read at once; a segment is at most some dozens. */
const READ = 256

/** Records that were set aside, that are remembered. */
const MOST_ASKED = 10_000

/** What its box has said of the bitstreams of a stream. */
type Said = Pick<Coverage, 'missing' | 'gone'>
const NOTHING_SAID: Said = { missing: [], gone: [] }

export class Sealer {
  /** Records that were set aside, until they come again. */
  private readonly askedAgain = new Set<string>()

  constructor(
    private readonly store: Pick<
      Store,
      | 'loose'
      | 'coverage'
      | 'records'
      | 'sealed'
      | 'claim'
      | 'seal'
      | 'forget'
      | 'recant'
      | 'lose'
      | 'setAside'
      | 'gone'
    >,
    private readonly objects: ObjectStore | undefined,
    private readonly figures: Figures,
    private readonly patience: Patience,
  ) {}

  /**
   * All that is over.
   * @param held whether nobody else seals
   * @throws what the store or the objects say
   */
  async run(nowMs: number, signal?: AbortSignal, held: () => Promise<boolean> = async () => true): Promise<void> {
    // Read now: much may have come, or been said, since the round began.
    const coverage = await this.store.coverage({ loose: true })
    const said = new Map(coverage.filter(({ kind }) => kind === 'bits').map((one) => [one.stream.id, one]))
    for (const { stream, first, lastAt } of await this.store.loose()) {
      const quiet = nowMs - Date.parse(lastAt) > this.patience.quietMs
      const of = said.get(stream.id) ?? NOTHING_SAID
      for await (const group of this.over(stream, first, of, quiet)) {
        if (signal?.aborted || !(await held())) return
        await this.seal(stream, group, of, new Date(nowMs).toISOString())
      }
    }
  }

  private async *over(stream: Stream, first: number, { missing }: Said, quiet: boolean): AsyncGenerator<Group> {
    let from = first
    for (;;) {
      const records = await this.store.records(stream.id, from, READ)
      const groups = bySegment(records)
      // What the page cuts may go on behind it.
      const whole = records.length < READ ? groups : groups.slice(0, -1)
      for (const [i, group] of whole.entries()) {
        const next = groups[i + 1]
        if (quiet || (next && !meet(missing, { from: group.key, to: next.key - 1 }))) yield group
      }
      if (records.length < READ || whole.length === 0) return
      from = groups.at(-1)!.records[0].seq
    }
  }

  private async seal(stream: Stream, { key, records }: Group, said: Said, at: string): Promise<void> {
    const begun = records[0].seq === key ? undefined : await this.store.sealed(stream.id, key)
    const next = begun ? begun.last + 1 : key
    const usable = begun && records[0].seq === next ? await this.recordsIn(begun) : []
    if (!usable) return this.lose(stream, begun!)
    let fit = 0
    while (fit < records.length && records[fit].seq === next + fit && fits(usable.at(-1), records[fit].bytes))
      usable.push(records[fit++].bytes)
    if (fit > 0) {
      // By the times that were filed: a clock that was wrong then must not put it elsewhere.
      const times = { from: begun?.from ?? records[0].time, to: records[fit - 1].time }
      if (await this.put(stream, key, usable, times)) this.figures.sealed()
    }
    // The one before it is here, and another one than it was predicted from.
    if (records[fit]?.seq === next + fit) return this.setAside(stream, records[fit].seq, at)
    await this.rest(stream, next + fit, records.slice(fit), said, at)
  }

  /** It is asked for once more; where the same comes, its box has no other. Those behind it wait for that. */
  private async setAside({ id, dev, cam, boot }: Stream, seq: number, at: string): Promise<void> {
    const name = `${id}/${seq}`
    const reason = 'it does not follow the frame before it'
    await this.store.setAside(id, seq, reason, at)
    this.figures.misfit(`${dev}/${cam}/${boot}`, seq)
    if (this.askedAgain.delete(name)) return this.store.gone(id, ['bits'], [{ from: seq, to: seq }], reason, at)
    if (this.askedAgain.size >= MOST_ASKED) this.askedAgain.clear()
    this.askedAgain.add(name)
  }

  /** Those that lack the one that they were predicted from: it is asked for, and they wait, until its box has said that it can never come. */
  private async rest(
    { id }: Stream,
    next: number,
    records: readonly LooseRecord[],
    { missing, gone }: Said,
    at: string,
  ): Promise<void> {
    const lost = new Set<number>()
    const lacking: number[] = []
    let behind = next
    for (const { seq } of records) {
      const before = seq - 1
      const lacks = seq > behind && within(gone, before)
      if (lacks) lacking.push(before)
      if (lacks || lost.has(before)) lost.add(seq)
      else if (seq > behind && !within(missing, before)) await this.store.recant(id, { from: behind, to: before })
      behind = seq + 1
    }
    if (lost.size === 0) return
    const reason = 'the frame before it is gone, and it cannot be decoded without'
    const forgotten = await this.store.forget(id, [...lost], reason, at, lacking)
    if (forgotten > 0) this.figures.unusable(forgotten)
  }

  private async put(
    { id, dev, cam, boot }: Stream,
    key: number,
    records: readonly Uint8Array[],
    times: { readonly from: string; readonly to: string },
  ): Promise<boolean> {
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
    const place = placeOf(dev, cam, boot, made)
    // First the object, then the row that names it: a crash between the two leaves records that are sealed again, and an orphan.
    await this.store.claim(place, new Date().toISOString())
    await this.objects.put(place, file)
    if (await this.store.seal(id, { ...made, place })) return true
    // Held up for so long that it was swept before it was put, or that another collector had more.
    await this.objects.delete([place])
    return false
  }

  /** @returns undefined: its object is not there, or damaged */
  private async recordsIn({ place, data, sha256 }: Sealed): Promise<Uint8Array[] | undefined> {
    if (!data && !this.objects) throw new Error(`the segment ${place} lies elsewhere: name that with --bits`)
    const file = data ?? (await this.objects!.get(place!))
    if (!file || (!data && sha256Of(file) !== sha256)) return undefined
    return recordsOf(file).map(({ bytes }) => bytes)
  }

  /** Its bitstreams are asked for again, and what was to be added waits for them. */
  private async lose(stream: Stream, { seq, place }: Sealed): Promise<void> {
    this.figures.lost(await this.store.lose(stream.id, seq, place!), `${this.objects!.name}/${place}`)
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

const within = (spans: readonly Span[], seq: number): boolean => meet(spans, { from: seq, to: seq })

/** Whether it is the keyframe of a segment, or was predicted from the last one of it. */
function fits(last: Uint8Array | undefined, bytes: Uint8Array): boolean {
  const record = readRecord(bytes)
  return last === undefined ? record.kind === 'key' : record.chain === readRecord(last).crc
}
