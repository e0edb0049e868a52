/** What `events list` and `events get` do. */
import { eventWords } from '../../contract/event-words.js'
import { eventIdPattern } from '../../contract/names.js'
import { printable } from '../failure.js'
import { printError } from '../terminal/verb.js'
import { checkWanted, fetchAll, fromList, printAll, readQuery } from './archive.js'
import type { GetFlags, ListFlags } from './archive-command.js'
import type { Wanted } from './get.js'
import { type EventItem, listEvents } from './list.js'
import type { Requester } from './requester.js'

const NONE = 'no events in the archive for this question'

export const list = (flags: ListFlags): Promise<number> => printAll(flags, listEvents, eventItemLine, NONE)

/** 2026-11-26T14:03:07.100Z to 14:03:12.300Z street person is gone · yard 12 % · 5.2 s · street-1a2b3c4d-7 */
export function eventItemLine(event: EventItem): string {
  const { since, until, phase, cam, id } = event
  const to = phase === 'end' ? `to ${until.slice(0, 10) === since.slice(0, 10) ? until.slice(11) : until}` : '…'
  return printable(
    `${since} ${to} ${cam} ${eventWords(phase === 'start' ? { ...event, phase: 'update' } : event)} · ${id}`,
  )
}

export async function get(ids: readonly string[], flags: GetFlags): Promise<number> {
  const query = readQuery(flags)
  checkWanted(ids, query, {
    pattern: eventIdPattern,
    unclear: 'what to get is unclear, events get, name ids, or a --cam, --class, --zone, --from, --to',
    wrong: (id) => `no id of an event, ${id}, expected one as events list prints it`,
  })
  return fetchAll(flags, (requester) => (ids.length > 0 ? fromIds(requester, ids) : fromEvents(requester, query)))
}

async function* fromIds(requester: Requester, ids: readonly string[]): AsyncGenerator<Wanted> {
  for (const event of ids) yield* fromList(requester, { event })
}

/** Those that match, one after the other: events may lie in the same segment. */
async function* fromEvents(requester: Requester, query: Parameters<typeof listEvents>[1]): AsyncGenerator<Wanted> {
  let found = false
  for await (const { id } of listEvents(requester, query)) {
    found = true
    yield* fromList(requester, { event: id })
  }
  if (!found) printError(NONE)
}
