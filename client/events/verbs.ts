/** What `events list` and `events get` do. */
import { eventWords } from '../../contract/event-words.js'
import type { GetFlags, ListFlags } from '../archive/command.js'
import type { Wanted } from '../archive/get.js'
import { type EventItem, listEvents } from '../archive/list.js'
import type { Requester } from '../archive/requester.js'
import { withArchive } from '../archive/session.js'
import { fetchAll, fromList, readQuery, readTarget } from '../archive/verbs.js'
import { Failure, printable } from '../failure.js'
import { printError, printOut, wholeNumber } from '../verb.js'

export async function list(flags: ListFlags): Promise<number> {
  const limit = wholeNumber('--limit', flags.limit, 0) || Number.POSITIVE_INFINITY
  const query = readQuery(flags)
  await withArchive(readTarget(flags), printError, async (requester) => {
    let count = 0
    for await (const item of listEvents(requester, query)) {
      if (count++ === limit) {
        printError(`there are more than ${limit}: --limit 0 lists all`)
        return
      }
      printOut(flags.json ? JSON.stringify(item) : eventItemLine(item))
    }
    if (count === 0) printError('no events in the archive for this question')
  })
  return 0
}

/** 2026-11-26T14:03:07.100Z to 14:03:12.300Z street person is gone · yard 12 % · 5.2 s · street-1a2b3c4d-7 */
export function eventItemLine(event: EventItem): string {
  const { since, until, phase, cam, id } = event
  const to = phase === 'end' ? `to ${until.slice(0, 10) === since.slice(0, 10) ? until.slice(11) : until}` : '…'
  return printable(
    `${since} ${to} ${cam} ${eventWords(phase === 'start' ? { ...event, phase: 'update' } : event)} · ${id}`,
  )
}

const idPattern = /^[a-z0-9_-]{1,96}$/

export async function get(ids: readonly string[], flags: GetFlags): Promise<number> {
  const query = readQuery(flags)
  const asked = Object.values(query).some((value) => value !== undefined)
  if (ids.length > 0 === asked)
    throw new Failure(
      'usage',
      'what to get is unclear, events get, name ids, or a --cam, --class, --zone, --from, --to',
    )
  const wrong = ids.find((id) => !idPattern.test(id))
  if (wrong !== undefined)
    throw new Failure('usage', `no id of an event, ${wrong}, expected one as events list prints it`)
  return fetchAll(flags, (requester) => (ids.length > 0 ? fromIds(requester, ids) : fromEvents(requester, query)))
}

async function* fromIds(requester: Requester, ids: readonly string[]): AsyncGenerator<Wanted> {
  for (const event of ids) yield* fromList(requester, { event })
}

/** Those that match, one after the other: events may lie in the same segment. */
async function* fromEvents(requester: Requester, query: Parameters<typeof listEvents>[1]): AsyncGenerator<Wanted> {
  for await (const { id } of listEvents(requester, query)) yield* fromList(requester, { event: id })
}
