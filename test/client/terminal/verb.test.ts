import t from 'tap'
import { Failure } from '../../../client/failure.js'
import { isoTime, positive, runUntilStopped, runVerb, wholeNumber } from '../../../client/terminal/verb.js'

const usage = (message: RegExp) => ({ name: 'Failure', code: 'usage', message })

t.test('numbers of flags', async (t) => {
  t.equal(wholeNumber('--count', undefined, 1), undefined)
  t.equal(wholeNumber('--count', '7', 1), 7)
  for (const text of ['0', '-1', '1.5', '1e3', '', ' 1', '99999999999999999'])
    t.throws(
      () => wholeNumber('--count', text, 1),
      usage(/^no number, --count .*, expected a whole number from 1$/),
      text,
    )
  t.equal(positive('--timeout', undefined), undefined)
  t.equal(positive('--timeout', '0.5'), 0.5)
  // More would end a timer at once.
  for (const text of ['0', '-1', 'soon', '1000001', 'Infinity'])
    t.throws(() => positive('--timeout', text), usage(/^no number, --timeout /), text)
})

t.test('times of flags: with an offset, local, a date alone', async (t) => {
  t.equal(isoTime('--from', undefined), undefined)
  t.equal(isoTime('--from', '2026-05-01T10:00:00+02:00'), '2026-05-01T08:00:00.000Z')
  t.equal(isoTime('--from', '2026-05-01'), '2026-05-01T00:00:00.000Z')
  t.equal(isoTime('--from', '2026-05-01 10:00'), new Date(2026, 4, 1, 10).toISOString())
  t.equal(isoTime('--from', '2026-05-01T10:00:00,5'), new Date(2026, 4, 1, 10, 0, 0, 500).toISOString())
  for (const text of ['yesterday', '2026-13-01', '10:00', ''])
    t.throws(() => isoTime('--from', text), usage(/^no time, --from .*without an offset it is local time$/), text)
})

/** What a verb leaves: its exit code, and what it said on stderr. */
async function ending(work: () => Promise<void>) {
  const { write } = process.stderr
  const before = process.exitCode
  let said = ''
  process.stderr.write = (text: unknown) => {
    said += text
    return true
  }
  try {
    await work()
    return { code: process.exitCode, said }
  } finally {
    process.stderr.write = write
    process.exitCode = before
  }
}

t.test('the exit code is what the work returned, or how it failed, in one line', async (t) => {
  const listeners = process.stdout.listenerCount('error')
  t.match(await ending(() => runVerb(async () => 6)), { code: 6, said: '' })
  const fails = (error: Error) => ending(() => runVerb(() => Promise.reject(error)))
  t.match(await fails(new Failure('broker', 'no connection')), { code: 4, said: 'blindsight: no connection\n' })
  t.match(await fails(new Error('two\nlines\x1b[2J')), { code: 1, said: 'blindsight: two lines [2J\n' })
  t.equal(process.stdout.listenerCount('error'), listeners)
})

t.test('a signal tells the work to end, and what is left of it does not keep the process', async (t) => {
  const { setTimeout } = globalThis
  t.teardown(() => {
    globalThis.setTimeout = setTimeout
  })
  const later: unknown[] = []
  const listeners = process.listenerCount('SIGTERM')
  const { code } = await ending(() =>
    runUntilStopped(async (signal) => {
      t.equal(process.listenerCount('SIGTERM'), listeners + 1)
      // Not by a real signal, which the other tests of this process would hear, too.
      process.listeners('SIGTERM').at(-1)!('SIGTERM')
      t.equal(process.listenerCount('SIGTERM'), listeners, 'a second one ends the process')
      globalThis.setTimeout = ((_: unknown, ms: number) => {
        later.push(ms)
        return { unref: () => later.push('unref') }
      }) as unknown as typeof setTimeout
      return signal.aborted ? 5 : 0
    }),
  )
  t.equal(code, 5)
  t.strictSame(later, [500, 'unref'])
})
