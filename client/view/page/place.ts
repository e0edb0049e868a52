/** Where in the page one is, as it stands behind the # of its address: a link to it leads back there. */
import { isoMs } from '../../../contract/time.js'

export interface Place {
  readonly view: 'live' | 'back'
  readonly dev?: string | undefined
  readonly cam?: string | undefined
  readonly class?: string | undefined
  readonly zone?: string | undefined
  /** Milliseconds since 1970: what is looked at, and its day. */
  readonly at?: number | undefined
  readonly utc: boolean
}

const names = ['dev', 'cam', 'class', 'zone'] as const
const MOST_LENGTH = 64

/** What is not understood is left out: an old link leads as near as it can. */
export function readPlace(hash: string): Place {
  const [view, query = ''] = hash.replace(/^#/, '').split('?')
  const given = new URLSearchParams(query)
  const found: Partial<Record<(typeof names)[number], string>> = {}
  for (const name of names) {
    const value = given.get(name)
    if (value && value.length <= MOST_LENGTH) found[name] = value
  }
  const at = isoMs(given.get('t') ?? '')
  return { view: view === 'back' ? 'back' : 'live', ...found, at, utc: given.get('utc') === '1' }
}

export function hashOf({ view, at, utc, ...rest }: Place): string {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = rest[name]
    if (value) query.set(name, value)
  }
  if (at !== undefined) query.set('t', new Date(at).toISOString())
  if (utc) query.set('utc', '1')
  const text = query.toString().replaceAll('%3A', ':')
  return `#${view}${text === '' ? '' : `?${text}`}`
}
