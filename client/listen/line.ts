/** One result as a line for people. */
import { eventWords } from '../../contract/event-words.js'
import type { ClassifyResult, EventMessage, SegmentResult } from '../../contract/messages.js'
import { printable } from '../failure.js'
import type { Incoming } from './incoming.js'
import type { Gap } from './ledger.js'

export function resultLine(incoming: Incoming): string {
  const { dev, cam, seq } = incoming.key
  const who = `${dev}/${cam} #${seq}`
  if (incoming.kind === 'bits') return `${who} bits ${incoming.bytes.length} bytes${late(incoming)}`
  if (incoming.kind === 'evt') return printable(eventLine(incoming.event) + late(incoming))
  const { ts, lat, q } = incoming.result
  const found = incoming.kind === 'cls' ? classes(incoming.result) : shares(incoming.result)
  return printable(
    `${ts} ${who} ${incoming.kind} ${found}  ${lat.bpp.toFixed(3)} bpp ${Math.round(q.lat_ms)} ms${late(incoming)}`,
  )
}

/** 2026-11-26T14:03:07.100Z gate-1/street person enters · yard 12 % · street-1a2b3c4d-1 */
const eventLine = (event: EventMessage): string =>
  `${event.ts} ${event.dev}/${event.cam} ${eventWords(event)} · ${event.id}`

const late = ({ hist }: Incoming): string => (hist ? ' history' : '')

const mostClasses = 3

const classes = ({ cls }: ClassifyResult): string =>
  [...cls]
    .sort((a, b) => b.p - a.p)
    .slice(0, mostClasses)
    .map(({ label, p }) => `${label} ${p.toFixed(2)}`)
    .join(', ')

const shares = ({ seg }: SegmentResult): string =>
  [...seg.classes]
    .sort((a, b) => b.frac - a.frac)
    .slice(0, mostClasses)
    .map(({ label, frac }) => `${label} ${Math.round(frac * 100)}%`)
    .join(', ')

export function gapText({ dev, cam, boot, kind, from, to, thinned }: Gap): string {
  const several = thinned ? `${to}, perhaps others from ${from} on` : `${from} to ${to}`
  return `${dev}/${cam} ${kind} boot ${boot}: seq ${from === to ? from : several}`
}
