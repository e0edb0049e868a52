/** What a subscription came to. */
import type { Gap } from './ledger.js'
import { gapText } from './line.js'

interface Counts {
  /** cls and seg results, without duplicates */
  readonly results: number
  /** Messages of events, without duplicates */
  readonly events: number
  readonly bitstreams: number
  /** Predicted frames that are in no file, as what they were predicted from never came: mostly the first ones. */
  readonly unusable: number
  readonly duplicates: number
  /** Results that were missing and came later, mostly as history. */
  readonly filled: number
  readonly invalid: number
}

export interface Summary extends Counts {
  /** At least: of a camera that leaves frames out, each gap counts for one. */
  readonly missing: number
  readonly gaps: readonly Gap[]
}

export const summarize = (counts: Counts, gaps: readonly Gap[]): Summary => ({
  ...counts,
  missing: gaps.reduce((sum, { from, to, thinned }) => sum + (thinned ? 1 : to - from + 1), 0),
  gaps,
})

export function summaryLines(summary: Summary): string[] {
  const { results, events, bitstreams, unusable, duplicates, filled, invalid, missing, gaps } = summary
  const counts = [`${results} results`, `${duplicates} duplicates`, `${missing} missing`]
  if (bitstreams > 0) counts.splice(1, 0, `${bitstreams} bitstreams`)
  if (events > 0) counts.splice(1, 0, `${events} events`)
  if (unusable > 0) counts.push(`${unusable} bitstreams without the frames before them`)
  if (filled > 0) counts.push(`${filled} filled later`)
  if (invalid > 0) counts.push(`${invalid} invalid`)
  return [counts.join(', '), ...gaps.map((gap) => `missing ${gapText(gap)}`)]
}
