/** A signed bundle to one box, part by part: what the box has already is not sent, and a transfer that was cut goes on where it was. */

import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { LooseBundle } from '../../contract/bundle-file.js'
import { typed } from '../../contract/command-line.js'
import { Failure } from '../failure.js'
import { answerTo, begunAgain, patiently } from '../fetch/patience.js'
import type { Answer, Requester } from '../fetch/requester.js'

/** Beside a part's data: topic, properties, the other fields. */
const OVERHEAD = 1024
/** Smaller ones would be mostly overhead. */
const LEAST_PART = 1024
const POLL_MS = 1000
const MOST_BEGUN = 5
/** A box that has not shown a frame by then may have no camera that delivers one. */
const FRAME_WITHIN_MS = 120_000

export interface Sending {
  /** Also use it. */
  readonly use: boolean
  /** Of one message, as the broker says. */
  readonly messageBytes: () => number
  readonly sent?: (bytes: number) => void
  readonly frameWithinMs?: number
}

type Outcome = Answer<'bundle'>['state']

/** @returns how far it came: added; chosen and not run yet; running @throws {Failure} answer */
export async function sendBundle(requester: Requester, loose: LooseBundle, sending: Sending): Promise<Outcome> {
  const { manifest, manifestBytes, signature, sha256: bundle } = loose
  const { use } = sending
  const what = `bundle ${manifest.id}`
  if (!signature)
    throw new Failure('input', `not signed, ${what}, a box takes only signed ones over MQTT: ${typed('bundle sign')}`)
  const offer = { manifest: manifestBytes.toString('base64'), signature: signature.toString('base64') }
  checkRoom(offer.manifest.length + offer.signature.length, sending.messageBytes(), what)
  // A box that was restarted knows nothing of an offer, but has kept what came.
  let state = await begunAgain('not_found', MOST_BEGUN, async () => {
    const offered = await answerTo(requester, 'bundle', { step: 'offer', ...offer, use }, what)
    await sendAll(requester, loose, offered, sending)
    return finished(requester, loose, sending, what)
  })
  const deadline = performance.now() + (sending.frameWithinMs ?? FRAME_WITHIN_MS)
  while (state === 'chosen' && performance.now() < deadline) {
    await wait(POLL_MS)
    state = (await answerTo(requester, 'bundle', { step: 'finish', bundle, use }, what)).state
  }
  return state
}

function checkRoom(bytes: number, most: number, what: string): void {
  if (bytes + OVERHEAD <= most) return
  throw new Failure(
    'broker',
    `the broker takes messages of ${most} bytes, ${what}: its manifest alone needs ${bytes + OVERHEAD}; raise the broker's limit`,
  )
}

async function sendAll(
  requester: Requester,
  loose: LooseBundle,
  { wants = [], part_bytes }: Answer<'bundle'>,
  sending: Sending,
): Promise<void> {
  for (const { file, off } of wants) {
    const found = loose.files.find(({ name }) => name === file)
    if (!found) throw new Failure('answer', `the box wants ${file}, which the bundle has not, check the box's version`)
    await sendFile(requester, loose.sha256, found, off, part_bytes, sending)
  }
}

async function sendFile(
  requester: Requester,
  bundle: string,
  { name: file, data }: LooseBundle['files'][number],
  from: number,
  most = LEAST_PART,
  { messageBytes, sent }: Sending,
): Promise<void> {
  let room = most
  let taken = 0
  for (let off = from; off < data.length; ) {
    let next = off
    let tries = 0
    await patiently(`${file} at byte ${off}`, () => {
      // A broker that says nothing of its limit passes over what is too large for it, or hangs up. What has got through before is not too large.
      if (tries++ > 0 && room > taken) room = Math.max(LEAST_PART, taken, Math.floor(room / 2))
      const size = Math.min(room, Math.max(LEAST_PART, Math.floor(((messageBytes() - OVERHEAD) * 3) / 4)))
      const part = data.subarray(off, off + size)
      const sha256 = createHash('sha256').update(part).digest('hex')
      return requester.ask(
        'bundle',
        { step: 'part', bundle, file, off, sha256, data: part.toString('base64') },
        (answer) => {
          next = answer.next ?? off
          taken = Math.max(taken, part.length)
          return true
        },
      )
    })
    sent?.(Math.max(0, next - off))
    // Behind what was sent: a part of another transfer of the same bundle. Before it: the box has lost some.
    off = next
  }
}

/** Sends again what turns out to be missing, and waits for the box's check. */
async function finished(requester: Requester, loose: LooseBundle, sending: Sending, what: string): Promise<Outcome> {
  for (let again = 0; ; ) {
    const answer = await answerTo(requester, 'bundle', { step: 'finish', bundle: loose.sha256, use: sending.use }, what)
    if (answer.state === 'checking') await wait(POLL_MS)
    else if (answer.state !== 'receiving') return answer.state
    else if (again++ === 3) throw new Failure('answer', `the box goes on missing parts, ${what}, look at its disk`)
    else await sendAll(requester, loose, answer, sending)
  }
}
