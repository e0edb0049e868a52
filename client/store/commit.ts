/**
 * Messages into the tables, each once. Which ones are here stands in `spans`, a row or two a stream, and not in an index of every
 * message: so results may lie in partitions that are dropped whole, and what is missing is known at once.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import { readRecord } from '../../codec/index.js'
import type { EventMessage } from '../../contract/messages.js'
import { isoOf } from '../../contract/time.js'
import type { ResultKind } from '../../contract/topics.js'
import type { Incoming } from '../listen/incoming.js'
import type { Span } from '../listen/sequence.js'
import { addAll, type Chained } from './chain.js'
import type { Engine } from './engine.js'
import { writeSpans } from './spans.js'
import type { Tally } from './store.js'
import { type Kind, kindNames, kinds, type PassedKind, passed, passedResults, type Tables } from './tables.js'

type Tx = Transaction<Tables>
type Event = Extract<Incoming, { kind: 'evt' }>

interface Item {
  readonly stream: string
  readonly kind: Kind
  readonly seq: number
  readonly prev: number | null | undefined
  readonly asked: boolean
  /** As far as is known. */
  readonly time: string
  readonly motion: number | null
  readonly payload?: string
  readonly record?: { readonly bytes: Uint8Array; readonly position: number }
}

/** Rows of one statement: databases take some ten thousand values. */
const ROWS = 500

/** A camera's clock that is ahead by more than this is not believed. */
const AHEAD_MS = 3_600_000
/** Nothing was taken before blindsight was there. */
const EARLIEST = '2020-01-01T00:00:00.000Z'

/** All or nothing. @param at when they came */
export async function commit(
  db: Kysely<Tables>,
  engine: Engine,
  messages: readonly Incoming[],
  at: string,
): Promise<Tally> {
  const items = messages.flatMap((message) => (message.kind === 'evt' ? [] : [itemOf(message, at)]))
  const events = messages.filter((message): message is Event => message.kind === 'evt')
  const days = new Set(items.filter(({ payload }) => payload).map(({ time }) => time.slice(0, 10)))
  const write = async () => {
    await engine.ready(db, [...days])
    return db.transaction().execute((tx) => insert(tx, items, events, at))
  }
  const added = await write().catch((error) => {
    if (!engine.unready(error)) throw error
    return write()
  })
  const all = added.cls + added.seg + added.bits + added.evt
  return { added, duplicates: messages.length - all }
}

async function insert(tx: Tx, items: readonly Item[], events: readonly Event[], at: string): Promise<Tally['added']> {
  const added: Record<ResultKind, number> = { cls: 0, seg: 0, bits: 0, evt: 0 }
  if (items.length > 0) {
    const fresh = await freshOnes(tx, items)
    await insertAll(tx, fresh, at)
    for (const { kind } of fresh) added[kindNames[kind]]++
  }
  if (events.length > 0) added.evt = await insertEvents(tx, events, at)
  return added
}

const nameOf = (dev: string, cam: string, boot: string): string => `${dev}/${cam}/${boot}`

function itemOf(message: Exclude<Incoming, Event>, at: string): Item {
  const { key, prev, asked = false } = message
  const place = { stream: nameOf(key.dev, key.cam, key.boot), kind: kinds[message.kind], seq: key.seq, prev, asked }
  if (message.kind === 'bits') {
    const { position, timeUs } = readRecord(message.bytes)
    return { ...place, time: filedAt(isoOf(timeUs), at), motion: null, record: { bytes: message.bytes, position } }
  }
  const { ts, clk, motion = null } = message.result
  return { ...place, time: filedAt(ts, at, clk), motion, payload: JSON.stringify(message.json) }
}

/** When it was taken, unless that cannot be or its box does not know: then when it came. */
export function filedAt(taken: string, at: string, clk?: EventMessage['clk']): string {
  if (clk === 'unsynced') return at
  const iso = new Date(taken).toISOString()
  return iso < EARLIEST || Date.parse(iso) > Date.parse(at) + AHEAD_MS ? at : iso
}

/** What its box's clock said, where that cannot be: it is filed under when it came. @returns undefined: it is believed */
export function wrongTime(message: Incoming, at: string): string | undefined {
  const { ts, clk } =
    message.kind === 'bits' ? { ts: isoOf(readRecord(message.bytes).timeUs), clk: 'ok' } : told(message)
  return clk === 'unsynced' || filedAt(ts, at) !== new Date(ts).toISOString() ? ts : undefined
}

const told = (message: Exclude<Incoming, { kind: 'bits' }>) => (message.kind === 'evt' ? message.event : message.result)

interface Fresh extends Item {
  readonly id: number
}

/** Those that are not here yet, their seqs noted. Whoever else commits for one of these streams waits until this transaction ends. */
async function freshOnes(tx: Tx, items: readonly Item[]): Promise<Fresh[]> {
  const streams = await upsertStreams(tx, items)
  const chains = new Map<string, Item[]>()
  for (const item of items) {
    const name = `${streams.get(item.stream)!.id}/${item.kind}`
    const chain = chains.get(name)
    if (chain) chain.push(item)
    else chains.set(name, [item])
  }
  const before = await spansOf(
    tx,
    [...chains].flatMap(([name, chain]) => rangesOf(name, chain, streams)),
  )
  const fresh: Fresh[] = []
  for (const [name, chain] of chains) {
    const { id, thinned } = streams.get(chain[0].stream)!
    const known = before.get(name) ?? []
    const untold = before.get(`${id}/${passed.untold}`) ?? []
    const chained = addAll(chain, known, untold, thinned)
    for (const item of chained.fresh) fresh.push({ ...item, id })
    await writeSpans(tx, id, chain[0].kind, known, chained.spans)
    if (chain[0].kind !== kinds.bits) await noteTold(tx, id, passedResults[chain[0].kind], chained.told)
    else if (thinned) await notePassed(tx, id, untold, chained)
  }
  return fresh
}

/** Which were left out. */
export async function noteTold(tx: Tx, stream: number, kind: PassedKind, told: readonly Span[]): Promise<void> {
  if (told.length === 0) return
  const rows = told.map(({ from, to }) => ({ stream, kind, from_seq: from, to_seq: to }))
  await tx
    .insertInto('spans')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function notePassed(
  tx: Tx,
  stream: number,
  before: readonly Span[],
  { told, untold }: Pick<Chained<Item>, 'told' | 'untold'>,
): Promise<void> {
  await noteTold(tx, stream, passed.told, told)
  await writeSpans(tx, stream, passed.untold, before, untold)
}

/** A run that begins while its camera is known begins with 0. @param first seq of another that has come */
export const startOf = (dev: string, cam: string, boot: string, first: number) =>
  sql<number>`CASE WHEN EXISTS (SELECT 1 FROM streams WHERE dev = ${dev} AND cam = ${cam} AND boot <> ${boot}) THEN 0 ELSE ${sql.lit(first)} END`

interface Row {
  readonly id: number
  readonly thinned: boolean
}

async function upsertStreams(tx: Tx, items: readonly Item[]): Promise<Map<string, Row>> {
  const found = new Map<string, { seq: number; first: string; last: string; thinned: number }>()
  for (const { stream, seq, time, prev, record } of items) {
    const row = found.get(stream) ?? { seq, first: time, last: time, thinned: 0 }
    // A bitstream is of no use without those since its keyframe: the box still has them.
    const begin = seq - (record?.position ?? 0)
    found.set(stream, {
      seq: Math.min(row.seq, begin),
      first: time < row.first ? time : row.first,
      last: time > row.last ? time : row.last,
      thinned: row.thinned || Number(prev !== undefined),
    })
  }
  // In an order, so that two transactions never wait for each other.
  const names = [...found.keys()].sort()
  const rows = await tx
    .insertInto('streams')
    .values(
      names.map((name) => {
        const [dev, cam, boot] = name.split('/')
        const { seq, first, last, thinned } = found.get(name)!
        return {
          dev,
          cam,
          boot,
          start: startOf(dev, cam, boot, seq),
          first_time: first,
          last_time: last,
          thinned,
          closed: 0,
        }
      }),
    )
    .onConflict((conflict) =>
      conflict.columns(['dev', 'cam', 'boot']).doUpdateSet({
        start: sql`CASE WHEN excluded.start < streams.start THEN excluded.start ELSE streams.start END`,
        first_time: sql`CASE WHEN excluded.first_time < streams.first_time THEN excluded.first_time ELSE streams.first_time END`,
        // Its box is asked once more what came last.
        closed: 0,
        last_time: sql`CASE WHEN excluded.last_time > streams.last_time THEN excluded.last_time ELSE streams.last_time END`,
        thinned: sql`CASE WHEN excluded.thinned > streams.thinned THEN excluded.thinned ELSE streams.thinned END`,
      }),
    )
    .returning(['id', 'dev', 'cam', 'boot', 'thinned'])
    .execute()
  return new Map(
    rows.map(({ id, dev, cam, boot, thinned }) => [nameOf(dev, cam, boot), { id, thinned: thinned === 1 }]),
  )
}

interface Range extends Span {
  readonly id: number
  readonly kind: number
}

/** Of a chain, the seqs whose neighbours have to be known. */
function rangesOf(name: string, chain: readonly Item[], streams: ReadonlyMap<string, Row>): Range[] {
  const [id, kind] = name.split('/').map(Number)
  const thinned = streams.get(chain[0].stream)!.thinned && kind === kinds.bits
  const froms = chain.map(({ seq, prev }) => (prev === undefined ? (thinned ? 0 : seq) : (prev ?? -1) + 1))
  const seqs = chain.map(({ seq }) => seq)
  const to = Math.max(...seqs) + 1
  const own = { id, kind, from: Math.min(...froms) - 1, to }
  return thinned ? [own, { id, kind: passed.untold, from: Math.min(...seqs), to }] : [own]
}

async function spansOf(tx: Tx, ranges: readonly Range[]): Promise<Map<string, Span[]>> {
  const rows = await tx
    .selectFrom('spans')
    .selectAll()
    .where(({ or, and, eb }) =>
      or(
        ranges.map(({ id, kind, from, to }) =>
          and([
            eb('stream', '=', id),
            eb('kind', '=', kind as Kind | PassedKind),
            eb('to_seq', '>=', from),
            eb('from_seq', '<=', to),
          ]),
        ),
      ),
    )
    .orderBy('from_seq')
    .execute()
  const spans = new Map<string, Span[]>()
  for (const { stream, kind, from_seq, to_seq } of rows) {
    const name = `${stream}/${kind}`
    spans.set(name, [...(spans.get(name) ?? []), { from: from_seq, to: to_seq }])
  }
  return spans
}

async function insertAll(tx: Tx, fresh: readonly Fresh[], at: string): Promise<void> {
  const results = fresh.filter(({ payload }) => payload !== undefined)
  for (let i = 0; i < results.length; i += ROWS)
    await tx
      .insertInto('results')
      .values(
        results.slice(i, i + ROWS).map(({ id, kind, seq, time, motion, payload }) => ({
          stream: id,
          kind,
          seq,
          time,
          motion,
          payload: payload!,
        })),
      )
      .execute()
  const records = fresh.filter(({ record }) => record)
  for (let i = 0; i < records.length; i += ROWS)
    await tx
      .insertInto('records')
      .values(
        records.slice(i, i + ROWS).map(({ id, seq, time, record }) => {
          const { position, bytes } = record!
          return { stream: id, seq, position, time, arrived: at, bytes: Buffer.from(bytes) }
        }),
      )
      .execute()
}

/** @returns how many messages were new */
async function insertEvents(tx: Tx, events: readonly Event[], at: string): Promise<number> {
  const rows = await tx
    .insertInto('event_messages')
    .values(
      events.map(({ event, json }) => {
        const { dev, id, phase, boot, seq, ts, clk } = event
        return { dev, id, phase, boot, seq, time: filedAt(ts, at, clk), payload: JSON.stringify(json) }
      }),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  const latest = new Map<string, Event>()
  for (const message of events) {
    const { dev, id } = message.event
    const before = latest.get(`${dev}/${id}`)
    if (!before || rank(message) >= rank(before)) latest.set(`${dev}/${id}`, message)
  }
  const inOrder = [...latest.keys()].sort().map((name) => latest.get(name)!)
  await tx
    .insertInto('events')
    .values(inOrder.map((message) => eventRow(message, at)))
    .onConflict((conflict) =>
      conflict
        .columns(['dev', 'id'])
        .doUpdateSet(Object.fromEntries(toldAnew.map((column) => [column, sql.raw(`excluded.${column}`)])))
        .where(
          sql<boolean>`excluded.ended > events.ended OR (excluded.ended = events.ended AND excluded.seq >= events.seq)`,
        ),
    )
    .execute()
  return rows.length
}

/** What a later message of an event may say anew. */
const toldAnew = ['seq', 'since', 'until', 'ended', 'reason', 'peak', 'payload'] as const

/** An end is the last word, whatever comes late. */
const rank = ({ event }: Event): number => event.seq + (event.phase === 'end' ? Number.MAX_SAFE_INTEGER / 2 : 0)

function eventRow({ event, json }: Event, at: string): Tables['events'] {
  const { dev, id, cam, boot, seq, class: of, label, zone, since, until, phase, reason = null, peak, clk } = event
  const known = (time: string) => filedAt(time, at, clk)
  return {
    ...{ dev, id, cam, boot, seq, class: of, label, zone, reason },
    since: known(since),
    until: known(until),
    ended: Number(phase === 'end'),
    peak: peak.p,
    payload: JSON.stringify(json),
  }
}
