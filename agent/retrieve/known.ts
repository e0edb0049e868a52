/** What a question names and nobody knows is told: an answer with nothing in it would read as "nobody came". */
import type { ArchiveFilter } from '../archive-filter.js'

const KEYS = ['cam', 'class', 'zone'] as const

/** Names by the configuration; the archive may have others, of earlier ones. */
export type Known = Readonly<Record<(typeof KEYS)[number], readonly string[]>>

/** @param some whether the archive has anything of that. @returns what is wrong with a question that found nothing */
export function unknownName(
  filter: ArchiveFilter,
  known: Known,
  some: (one: ArchiveFilter) => boolean,
): string | undefined {
  for (const key of KEYS) {
    const name = filter[key]
    if (name === undefined || known[key].includes(name) || some({ [key]: name })) continue
    const names =
      known[key].length > 0
        ? `there ${known[key].length === 1 ? 'is' : 'are'} ${known[key].join(', ')}`
        : 'there is none'
    return `${key}: nothing here is named ${name}; ${names}`
  }
  return undefined
}
