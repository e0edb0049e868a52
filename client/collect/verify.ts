/** The verify verb: what a store has of each camera and run, and what it has not. */
import { Failure, failureLine } from '../failure.js'
import { countOf, type Span } from '../listen/sequence.js'
import type { Coverage, Store } from '../store/store.js'
import { type ObjectStore, sha256Of } from './objects.js'

const PAGE = 500

/** @returns whether all is there that can be */
export async function verify(
  store: Store,
  objects: ObjectStore | undefined,
  { device, json = false }: { readonly device?: string; readonly json?: boolean },
  print: (line: string) => void,
): Promise<boolean> {
  const coverage = await store.coverage(device === undefined ? {} : { dev: device })
  const lost = await store.lost(device)
  const lostOf = ({ kind, stream }: Coverage) => (kind === 'bits' ? (lost.get(stream.id) ?? []) : [])
  for (const one of coverage) print(json ? JSON.stringify(recordOf(one, lostOf(one))) : lineOf(one, lostOf(one)))
  const damaged = objects ? await damagedObjects(store, objects, device, print) : 0
  const nowhere = coverage.reduce((n, one) => n + countOf(lostOf(one)), 0)
  const missing = coverage.reduce((n, one) => n + countOf(one.missing), nowhere)
  const frames = coverage.reduce((n, one) => n + one.frames, -nowhere)
  const gone = coverage.reduce((n, one) => n + countOf(one.gone), 0)
  const ended = [...new Set(coverage.map(({ stream }) => stream.dev))].length
  if (!json)
    print(
      `${ended} boxes, ${coverage.length} streams: ${frames} there, ${missing} missing, ${gone} gone for good${objects ? `, ${damaged} objects damaged` : ''}`,
    )
  return missing === 0 && damaged === 0
}

const spansText = (spans: readonly Span[]): string =>
  spans
    .slice(0, 5)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`))
    .join(', ') + (spans.length > 5 ? `, … (${spans.length} gaps)` : '')

function lineOf({ stream, kind, frames, last, missing, gone }: Coverage, lost: readonly Span[]): string {
  const name = `${stream.dev}/${stream.cam}/${stream.boot} ${kind}`
  const what = [`${frames - countOf(lost)} of #${stream.start}–${last}`]
  if (missing.length > 0) what.push(`missing ${countOf(missing)}: ${spansText(missing)}`)
  if (lost.length > 0)
    what.push(
      `missing bitstreams ${countOf(lost)}: ${spansText(lost)}, noted as kept and neither in a segment nor waiting`,
    )
  if (gone.length > 0)
    what.push(
      `gone ${countOf(gone)}: ${spansText(gone)} (${[...new Set(gone.map(({ reason }) => reason))].join('; ')})`,
    )
  if (missing.length + gone.length + lost.length === 0) what.push('complete')
  if (stream.start > 0) what.push(`from #${stream.start} on, nobody listened before`)
  return `${name.padEnd(44)} ${what.join(' · ')}${stream.thinned ? ' · leaves frames out' : ''}`
}

const recordOf = ({ stream, kind, frames, last, missing, gone }: Coverage, lost: readonly Span[]) => {
  const { dev, cam, boot, start, thinned, over, first, last: lastTime } = stream
  const here = { frames: frames - countOf(lost), missing, lost, gone }
  return { dev, cam, boot, kind, start, last, from: first, to: lastTime, ...here, thinned, over }
}

async function damagedObjects(
  store: Store,
  objects: ObjectStore,
  device: string | undefined,
  print: (line: string) => void,
): Promise<number> {
  let damaged = 0
  let cursor: string | undefined
  do {
    const page = await store.segments({ dev: device, limit: PAGE, cursor })
    for (const { dev, ref, sealed } of page.items) {
      if (!sealed) continue
      const [cam, boot, seq] = ref.split('/')
      const found = await store.find(dev, cam, boot, Number(seq))
      const place = found?.sealed?.place
      if (!place) continue
      const bytes = await objects.get(place)
      if (bytes && sha256Of(bytes) === found.sealed?.sha256) continue
      damaged++
      const what = bytes ? 'is not what was put there' : 'is not there'
      print(failureLine(new Failure('input', `object ${what}, ${objects.name}/${place}`)))
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return damaged
}
