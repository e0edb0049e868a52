/** What `archive list` and `archive get` do. */
import { refPattern } from '../../contract/names.js'
import { Failure } from '../failure.js'
import { type BrokerFlags, brokerSettings, checkId } from '../terminal/broker-flags.js'
import { Progress } from '../terminal/progress.js'
import { isoTime, positive, printError, printOut, report, wholeNumber } from '../terminal/verb.js'
import type { Flags, GetFlags, ListFlags } from './archive-command.js'
import { getArchive, type Wanted } from './get.js'
import { describedLine, describeFrame, listArchive, type Query } from './list.js'
import { NoAnswer, type Requester } from './requester.js'
import { type ArchiveTarget, withArchive } from './session.js'

export const list = (flags: ListFlags): Promise<number> =>
  printAll(flags, listArchive, describedLine, 'nothing in the archive for this question')

/** A line each, up to --limit. @returns the exit code */
export async function printAll<T>(
  flags: ListFlags,
  itemsOf: (requester: Requester, query: Query) => AsyncIterable<T>,
  lineOf: (item: T) => string,
  none: string,
): Promise<number> {
  const limit = wholeNumber('--limit', flags.limit, 0) || Number.POSITIVE_INFINITY
  const query = readQuery(flags)
  await withArchive(readTarget(flags), printError, async (requester) => {
    let count = 0
    for await (const item of itemsOf(requester, query)) {
      if (count++ === limit) {
        printError(`there are more than ${limit}: --limit 0 lists all`)
        return
      }
      printOut(flags.json ? JSON.stringify(item) : lineOf(item))
    }
    if (count === 0) printError(none)
  })
  return 0
}

export async function get(refs: readonly string[], flags: GetFlags): Promise<number> {
  const query = readQuery(flags)
  checkWanted(refs, query, {
    pattern: refPattern,
    unclear: 'what to get is unclear, archive get, name refs, or a --cam, --class, --zone, --event, --from, --to',
    wrong: (ref) => `no ref, ${ref}, expected camera/boot/seq as archive list prints them`,
  })
  return fetchAll(flags, (requester, failed) =>
    refs.length > 0 ? fromRefs(requester, refs, failed) : fromList(requester, query),
  )
}

/** Into files. @returns the exit code */
export async function fetchAll(
  flags: GetFlags,
  wantedOf: (requester: Requester, failed: (failure: Failure) => void) => AsyncIterable<Wanted>,
): Promise<number> {
  let code = 0
  let kept = 0
  await withArchive(readTarget(flags), printError, async (requester) => {
    const progress = new Progress('fetched', undefined)
    const failed = (failure: Failure) => {
      progress.clear()
      code = report(failure)
    }
    await getArchive(requester, wantedOf(requester, failed), flags.out, {
      written(file) {
        progress.clear()
        printOut(file)
        progress.tick()
      },
      kept() {
        progress.tick()
        kept++
      },
      failed,
    }).finally(() => progress.clear())
  })
  if (kept > 0) printError(`${kept} already there`)
  return code
}

export function readTarget(flags: BrokerFlags & { readonly timeout?: string }): ArchiveTarget {
  return {
    // Answers to a client that went away are of no use.
    broker: brokerSettings(flags, 0),
    base: flags.base,
    device: checkId('--device', flags.device),
    timeoutMs: positive('--timeout', flags.timeout)! * 1000,
  }
}

export const readQuery = (flags: Flags): Query => ({
  ...(flags.cam === undefined ? {} : { cam: checkId('--cam', flags.cam) }),
  class: flags.class,
  zone: flags.zone,
  event: flags.event,
  from: isoTime('--from', flags.from),
  to: isoTime('--to', flags.to),
})

/** Names or a question, not both and not neither. @throws {Failure} usage */
export function checkWanted(names: readonly string[], query: Query, words: WantedWords): void {
  const asked = Object.values(query).some((value) => value !== undefined)
  if (names.length > 0 === asked) throw new Failure('usage', words.unclear)
  const wrong = names.find((name) => !words.pattern.test(name))
  if (wrong !== undefined) throw new Failure('usage', words.wrong(wrong))
}

interface WantedWords {
  readonly pattern: RegExp
  readonly unclear: string
  readonly wrong: (name: string) => string
}

/** Each segment once. */
async function* fromRefs(requester: Requester, refs: readonly string[], failed: (failure: Failure) => void) {
  const upTo = new Map<string, number>()
  for (const ref of refs) {
    try {
      const item = await describeFrame(requester, ref)
      const segment = item.segment ?? ref
      upTo.set(segment, Math.max(upTo.get(segment) ?? 0, seqOf(ref)))
    } catch (error) {
      // A silent box will be silent for the next ref too.
      if (!(error instanceof Failure) || error.code !== 'answer' || error.cause instanceof NoAnswer) throw error
      failed(error)
    }
  }
  for (const [ref, last] of upTo) yield { ref, upTo: last }
}

/** A camera's frames are listed in order: a segment is over when the next one of its camera begins. */
export async function* fromList(requester: Requester, query: Query): AsyncGenerator<Wanted> {
  const open = new Map<string, Wanted>()
  let found = false
  for await (const { ref, segment = ref } of listArchive(requester, query)) {
    found = true
    const [camera] = ref.split('/')
    const before = open.get(camera)
    if (before && before.ref !== segment) yield before
    open.set(camera, { ref: segment, upTo: seqOf(ref) })
  }
  yield* open.values()
  if (!found) printError('nothing in the archive for this question')
}

const seqOf = (ref: string): number => Number(ref.split('/')[2])
