import t from 'tap'
import { answerTo, begunAgain, codeOf, patiently } from '../../../client/fetch/patience.js'
import { BoxError, NoAnswer, type Requester } from '../../../client/fetch/requester.js'

/** Fails so often, and says how often it was tried. */
const failing = (error: Error, times: number) => {
  const tries = { n: 0 }
  return {
    tries,
    attempt: async () => {
      if (tries.n++ < times) throw error
    },
  }
}
const quick = { firstMs: 1 }

t.test('a busy box is asked again, though not for ever', async (t) => {
  const busy = new BoxError('busy', 'one moment')
  const some = failing(busy, 3)
  await patiently('list', some.attempt, quick)
  t.equal(some.tries.n, 4)
  const always = failing(busy, Number.POSITIVE_INFINITY)
  await t.rejects(patiently('list', always.attempt, { firstMs: 0.01 }), {
    name: 'Failure',
    code: 'answer',
    message: 'the box answered busy, list: one moment; try again later',
  })
  t.equal(always.tries.n, 8)
})

t.test('a silent one three times, counted anew after progress', async (t) => {
  const silent = new NoAnswer('no answer within 10 s')
  const always = failing(silent, Number.POSITIVE_INFINITY)
  const error = await patiently('list', always.attempt, quick).catch((cause) => cause)
  t.match(error, {
    code: 'answer',
    message: /^no answer within 10 s, list, check that the box is online/,
    cause: silent,
  })
  t.equal(always.tries.n, 3)
  const five = failing(silent, 5)
  await patiently('get', five.attempt, { ...quick, progressed: () => true })
  t.equal(five.tries.n, 6)
})

t.test('what waiting does not change is said at once, with what to do', async (t) => {
  const hints = {
    not_found: /list what the archive has/,
    evicted: /`pin` what must stay/,
    damaged: /look at the disk/,
    changed: /ask for it again/,
    too_large: /ask for less/,
    bad_request: /check the flags/,
  } as const
  for (const [code, hint] of Object.entries(hints)) {
    const one = failing(new BoxError(code as keyof typeof hints, 'so'), 1)
    await t.rejects(patiently('get a', one.attempt), { code: 'answer', message: hint }, code)
    t.equal(one.tries.n, 1, code)
  }
  const other = new TypeError('not of the box')
  await t.rejects(patiently('get a', failing(other, 1).attempt), other)
})

t.test('the one answer to a question', async (t) => {
  const asked: unknown[] = []
  const requester = {
    async ask(verb: string, body: object, accept: (answer: object) => boolean) {
      asked.push([verb, body])
      t.equal(accept({ status: 'ok', items: [] }), true)
    },
  } as unknown as Requester
  t.strictSame(await answerTo(requester, 'list', { cam: 'street' }), { status: 'ok', items: [] } as never)
  t.strictSame(asked, [['list', { cam: 'street' }]])
})

t.test('what can only be begun again is, so often, and nothing else is', async (t) => {
  const failure = await patiently('get a', failing(new BoxError('changed', 'so'), 1).attempt).catch((cause) => cause)
  t.equal(codeOf(failure), 'changed')
  t.equal(codeOf(new TypeError('not of the box')), undefined)
  const twice = failing(failure, 2)
  await begunAgain('changed', 3, twice.attempt)
  t.equal(twice.tries.n, 3)
  const always = failing(failure, Number.POSITIVE_INFINITY)
  await t.rejects(begunAgain('changed', 3, always.attempt), failure)
  t.equal(always.tries.n, 3)
  const other = failing(failure, 1)
  await t.rejects(begunAgain('not_found', 3, other.attempt), failure)
  t.equal(other.tries.n, 1)
})
