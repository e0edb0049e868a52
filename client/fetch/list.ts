/** What the archive of a box has. */
import type { Described } from '../../contract/messages.js'
import { Failure } from '../failure.js'
import { answerTo } from './patience.js'
import type { Answer, Requester } from './requester.js'

export interface Query {
  readonly cam?: string | undefined
  readonly class?: string | undefined
  readonly zone?: string | undefined
  /** id */
  readonly event?: string | undefined
  /** UTC, ISO 8601 with Z */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const pageItems = 100

/** Oldest first, page after page. @throws {Failure} answer */
export const listArchive = (requester: Requester, query: Query): AsyncGenerator<Described> =>
  pages(requester, 'list', query)

/** The same, of events. */
export const listEvents = (requester: Requester, query: Query): AsyncGenerator<EventItem> =>
  pages(requester, 'events', query)

export type EventItem = Answer<'events'>['items'][number]

async function* pages<V extends 'list' | 'events'>(
  requester: Requester,
  verb: V,
  query: Query,
): AsyncGenerator<Answer<V>['items'][number]> {
  let cursor: string | undefined
  do {
    const page = await answerTo(requester, verb, { ...query, limit: pageItems, ...(cursor ? { cursor } : {}) })
    yield* page.items
    const next: string | undefined = page.cursor
    if (next !== undefined && next === cursor) {
      throw new Failure('answer', `the box repeats itself, ${verb} cursor ${next}, check its version`)
    }
    cursor = next
  } while (cursor !== undefined)
}

/** One frame's entry. @throws {Failure} answer */
export const describeFrame = async (requester: Requester, ref: string): Promise<Described> =>
  (await answerTo(requester, 'describe', { ref }, `describe ${ref}`)).item

export const describedLine = ({ ref, ts, clk = 'ok', bytes, sha256, key, pinned }: Described): string =>
  `${ts} ${ref} ${key ? 'key' : 'predicted'} ${bytes} bytes ${sha256.slice(0, 12)}${pinned ? ' pinned' : ''}${clk === 'ok' ? '' : ` ${clk}`}`
