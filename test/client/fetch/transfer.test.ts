import { createHash } from 'node:crypto'
import t from 'tap'
import { BoxError, type Requester } from '../../../client/fetch/requester.js'
import { fetchSegment } from '../../../client/fetch/transfer.js'
import { BLOCK_BYTES } from '../../../contract/messages.js'
import { sameBytes } from '../../codec/samples.js'

const bytes = Buffer.from(Uint8Array.from({ length: 2 * BLOCK_BYTES + 100 }, (_, i) => (i * 7) % 251))
const hashOf = (of: Uint8Array) => createHash('sha256').update(of).digest('hex')
const block = (off: number, more: object = {}) => ({
  ...{ status: 'ok', ref: 'street/r/1', off, total: bytes.length, sha256: hashOf(bytes) },
  data: bytes.subarray(off, off + BLOCK_BYTES).toString('base64'),
  ...more,
})

/** A box that answers each question by what the test says, with blocks or with a refusal. */
function boxOf(...turns: (readonly object[] | Error)[]) {
  const asked: { off: number; sha256?: string }[] = []
  const requester = {
    async ask(_: string, body: { off: number }, accept: (answer: object) => boolean) {
      asked.push(body)
      const turn = turns[asked.length - 1] ?? []
      if (turn instanceof Error) throw turn
      for (const answer of turn) if (accept(answer)) return
    },
  } as unknown as Requester
  return { requester, asked, fetched: () => fetchSegment(requester, 'street/r/1') }
}

t.test('blocks in order, one twice, one before its turn; what is missing is asked for from where it is', async (t) => {
  const { fetched, asked } = boxOf(
    [block(0), block(0), block(2 * BLOCK_BYTES)],
    [block(BLOCK_BYTES), block(2 * BLOCK_BYTES)],
  )
  t.ok(sameBytes(await fetched(), bytes))
  t.match(asked, [
    { off: 0, sha256: undefined },
    // From here on it has to be the same one.
    { off: BLOCK_BYTES, sha256: hashOf(bytes) },
  ])
})

t.test('one that grew meanwhile is begun again, three times at most', async (t) => {
  const changed = new BoxError('changed', 'it grew')
  const all = [block(0), block(BLOCK_BYTES), block(2 * BLOCK_BYTES)]
  const grown = boxOf([block(0)], changed, all)
  t.ok(sameBytes(await grown.fetched(), bytes))
  t.strictSame(
    grown.asked.map(({ off }) => off),
    [0, BLOCK_BYTES, 0],
  )
  await t.rejects(boxOf(changed, changed, changed, all).fetched(), {
    code: 'answer',
    message: /^the box answered changed/,
  })
})

t.test('what does not fit together, or is not what its hash says, is no segment', async (t) => {
  const wrong = (more: object) => boxOf([block(0), block(BLOCK_BYTES, more)]).fetched()
  for (const more of [{ ref: 'street/r/2' }, { total: 5 }, { sha256: 'ab' }, { data: '' }])
    await t.rejects(wrong(more), { code: 'answer', message: /^blocks do not fit together, street\/r\/1 at byte / })
  await t.rejects(boxOf([block(0, { total: 2 ** 30 })]).fetched(), /do not fit/, 'no bitstream is so long')
  const other = (off: number) => block(off, { sha256: hashOf(Buffer.from('other')) })
  await t.rejects(boxOf([other(0), other(BLOCK_BYTES), other(2 * BLOCK_BYTES)]).fetched(), {
    message: /^SHA-256 is .*, street\/r\/1 should have .*, get it again$/,
  })
  await t.rejects(boxOf([block(BLOCK_BYTES)]).fetched(), { message: /^only other blocks came, .* at byte 0/ })
})

t.test('an empty one', async (t) => {
  const empty = Buffer.alloc(0)
  const { fetched } = boxOf([block(0, { total: 0, data: '', sha256: hashOf(empty) })])
  t.equal((await fetched()).length, 0)
})
