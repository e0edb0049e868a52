/** An event in words, for people. */
import type { EventMessage } from './messages.js'

type EventTold = Pick<EventMessage, 'phase' | 'label' | 'zone' | 'since' | 'until' | 'peak' | 'reason'>

const verbs = { start: 'enters', update: 'stays', end: 'is gone' } as const

/** person enters · yard 12 %; car is gone · 31 % of the picture · 5.2 s. A tag alone, without a place in the mask, has no share. */
export function eventWords({ phase, label, zone, since, until, peak, reason }: EventTold): string {
  const share = shareOf(peak)
  const picture = peak.share === 0 ? '' : ` · ${share} of the picture`
  const where = zone === null ? picture : ` · ${zone} ${share}`
  const lasted = phase === 'start' ? '' : ` · ${secondsOf({ since, until }).toFixed(1)} s`
  return `${label} ${verbs[phase]}${where}${lasted}${reason ? ` (${reason})` : ''}`
}

export const shareOf = ({ share }: { share: number }): string => `${(share * 100).toFixed(share < 0.01 ? 1 : 0)} %`

export const secondsOf = ({ since, until }: { since: string; until: string }): number =>
  (Date.parse(until) - Date.parse(since)) / 1000
