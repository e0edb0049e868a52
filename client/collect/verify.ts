/** The verify verb: what a store has of each camera and run, and what it has not. */
import { Failure, failureLine } from '../failure.js'
import { countOf, type Span } from '../listen/sequence.js'
import type { Absent, AbsentResults, Coverage, Placed, Store } from '../store/store.js'
import { type ObjectStore, sha256Of } from './objects.js'

const PAGE = 500

const NONE: Absent = { lost: [], unproven: [], leftOut: 0 }

export interface VerifyOptions {
  readonly device?: string
  readonly json?: boolean
  /** What is noted and not there is missing again, so that a collector asks its box for it. */
  readonly repair?: boolean
}

/** @returns whether all is there that can be @throws {Failure} input: what is named as the place of objects cannot be theirs */
export async function verify(
  store: Store,
  objects: ObjectStore | undefined,
  { device, json = false, repair = false }: VerifyOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const found = await lookAtObjects(store, objects, device)
  const lost = await store.absentResults({ dev: device })
  const again = repair ? await mend(store, objects, device, found, lost) : 0
  const notHere = repair ? lost.map((one) => ({ ...one, lost: [] })) : lost
  // What nothing is here of, and nothing missing, is only heard of.
  const coverage = (await store.coverage({ dev: device })).filter(
    ({ frames, missing, gone }) => frames + missing.length + gone.length > 0,
  )
  const absent = await store.absent({ dev: device })
  const results = new Map(notHere.map((one) => [`${one.stream}/${one.kind}`, one]))
  const absentOf = ({ kind, stream: { id } }: Coverage): Absent => ({
    ...NONE,
    ...(kind === 'bits' ? absent.get(id) : results.get(`${id}/${kind}`)),
  })
  for (const one of coverage) print(json ? JSON.stringify(recordOf(one, absentOf(one))) : lineOf(one, absentOf(one)))
  for (const { place, what } of found.damaged)
    print(failureLine(new Failure('input', `object ${what}, ${objects?.name}/${place}`)))
  // Those that are missing again are counted as that.
  const damaged = repair ? 0 : found.damaged.length
  const nowhere = coverage.reduce((n, one) => n + countOf(absentOf(one).lost), 0)
  const missing = coverage.reduce((n, one) => n + countOf(one.missing), nowhere)
  const frames = coverage.reduce((n, one) => n + framesIn(one, absentOf(one)), 0)
  const unproven = coverage.reduce((n, one) => n + countOf(absentOf(one).unproven), 0)
  const gone = coverage.reduce((n, one) => n + countOf(one.gone), 0)
  const ended = [...new Set(coverage.map(({ stream }) => stream.dev))].length
  if (!json) {
    if (found.elsewhere !== undefined)
      print(`segments lie elsewhere, like ${found.elsewhere}, and were not looked at: name that with --bits`)
    if (again === 0 && coverage.some((one) => one.missing.length > 0))
      print(
        'a collector asks the boxes for what has been missing for its --gap-seconds (two minutes); what they have no more is then gone',
      )
    if (again > 0) print(`${again} are missing again: a collector asks their boxes for them`)
    print(
      `${ended === 1 ? '1 box' : `${ended} boxes`}, ${coverage.length} streams: ${frames} there, ${missing} missing, ${gone} gone for good${unproven > 0 ? `, ${unproven} cannot be proven` : ''}${objects ? `, ${damaged} objects damaged` : ''}`,
    )
  }
  return missing === 0 && damaged === 0
}

const spansText = (spans: readonly Span[]): string =>
  spans
    .slice(0, 5)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`))
    .join(', ') + (spans.length > 5 ? `, … (${spans.length} gaps)` : '')

/** That lie there. */
const framesIn = ({ frames }: Coverage, { lost, unproven, leftOut, unsure }: Absent): number =>
  frames - countOf(lost) - countOf(unproven) - leftOut - (unsure?.count ?? 0)

function lineOf(one: Coverage, absent: Absent): string {
  const { stream, kind, last, missing, gone } = one
  const { lost, unproven, leftOut, unsure } = absent
  const name = `${stream.dev}/${stream.cam}/${stream.boot} ${kind}`
  const what = [`${framesIn(one, absent)} of #${stream.start}–${last}`]
  if (missing.length > 0) what.push(`missing ${countOf(missing)}: ${spansText(missing)}`)
  if (lost.length > 0)
    what.push(
      kind === 'bits'
        ? `missing bitstreams ${countOf(lost)}: ${spansText(lost)}, noted as kept and neither in a segment nor waiting`
        : `missing rows ${countOf(lost)}: ${spansText(lost)}, noted as kept and not in the table`,
    )
  if (gone.length > 0)
    what.push(
      `gone ${countOf(gone)}: ${spansText(gone)} (${[...new Set(gone.map(({ reason }) => reason))].join('; ')})`,
    )
  if (unproven.length > 0)
    what.push(
      `cannot be proven ${countOf(unproven)}: ${spansText(unproven)}, nothing says which of them were left out (MQTT 3.1.1, or kept by an earlier version)`,
    )
  if (missing.length + gone.length + lost.length + unproven.length === 0) what.push('complete')
  if (stream.start > 0) what.push(`from #${stream.start} on, nobody listened before`)
  if (unsure)
    what.push(
      `${unsure.count} before #${unsure.before} that are not looked at: forgotten with their days, or kept by an earlier version`,
    )
  if (stream.thinned) what.push(leftOut > 0 ? `leaves frames out, ${leftOut} of these` : 'leaves frames out')
  return `${name.padEnd(44)} ${what.join(' · ')}`
}

const recordOf = (one: Coverage, absent: Absent) => {
  const { stream, kind, last, missing, gone } = one
  const { dev, cam, boot, start, thinned, over, first, last: lastTime } = stream
  const { lost, unproven, leftOut, unsure = null } = absent
  const here = { frames: framesIn(one, absent), missing, lost, gone, unproven, leftOut }
  return { dev, cam, boot, kind, start, last, from: first, to: lastTime, ...here, unsure, thinned, over }
}

interface Found {
  /** How many were looked at. */
  readonly looked: number
  readonly damaged: readonly (Placed & { readonly what: string })[]
  /** That were lost, and are there again. */
  readonly back: readonly Placed[]
  /** One that could not be looked at, as nobody has said where. */
  readonly elsewhere?: string | undefined
}

async function lookAtObjects(store: Store, objects: ObjectStore | undefined, dev: string | undefined): Promise<Found> {
  const damaged: (Placed & { what: string })[] = []
  const back: Placed[] = []
  if (!objects) {
    const [one] = await store.placed({ dev, limit: 1 })
    return { looked: 0, damaged, back, elsewhere: one?.place }
  }
  let looked = 0
  let after: Placed | undefined
  for (;;) {
    const page = await store.placed({ dev, after, limit: PAGE })
    for (const one of page) {
      const bytes = await objects.get(one.place)
      const sound = bytes !== undefined && sha256Of(bytes) === one.sha256
      if (!one.lost) looked++
      if (sound && one.lost) back.push(one)
      if (!sound && !one.lost && (await stillNamed(store, one)))
        damaged.push({ ...one, what: bytes ? 'is not what was put there' : 'is not there' })
    }
    if (page.length < PAGE) return { looked, damaged, back }
    after = page.at(-1)
  }
}

/** A collector may have sealed more meanwhile, or forgotten it with its day. */
const stillNamed = async (store: Store, { stream, seq, place }: Placed): Promise<boolean> =>
  (await store.sealed(stream, seq))?.place === place

/** @returns how many messages are missing again */
async function mend(
  store: Store,
  objects: ObjectStore | undefined,
  dev: string | undefined,
  { looked, damaged, back }: Found,
  results: readonly AbsentResults[],
): Promise<number> {
  // Everything would be fetched again, over many a metered link, where a disk is only not mounted.
  if (looked > 1 && damaged.length === looked)
    throw new Failure('input', `none of ${looked} objects is there, --bits ${objects!.name}, is it the right place?`)
  for (const { stream, seq, place } of back) await store.regain(stream, seq, place)
  let again = 0
  for (const { stream, seq, place } of damaged) again += await store.lose(stream, seq, place)
  for (const [stream, { lost }] of await store.absent({ dev }))
    for (const span of lost) again += await store.recant(stream, span)
  for (const { stream, kind, lost } of results)
    for (const span of lost) again += await store.recantResults(stream, kind, span)
  return again
}
