import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AuditLog, timesOf } from '../../../client/view/audit.js'
import { makeBundle, makeFrame } from '../bundle.js'

const view = {
  ts: '2026-05-01T08:00:00.000Z',
  who: 'ann',
  address: '127.0.0.1',
  what: 'segment',
  dev: 'gate-1',
  cam: 'street',
} as const

t.test('a line of JSON for each view, added to what is there, and one for people', async (t) => {
  const file = join(t.testdir(), 'views.jsonl')
  const printed: string[] = []
  for (let i = 0; i < 2; i++) {
    const log = new AuditLog(file, (line) => printed.push(line))
    await log.write({ ...view, ref: `street/0123456789abcdef/${i}`, from: view.ts, to: view.ts })
  }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { who: 'ann', ref: /\/0$/ },
      { who: 'ann', ref: /\/1$/ },
    ],
  )
  t.match(printed[0], /view by ann \(127\.0\.0\.1\): gate-1\/street segment .* to /)
})

t.test('what cannot be written down is not shown', async (t) => {
  t.throws(() => new AuditLog(t.testdir(), () => {}), /cannot write the record of views/)
  const dir = join(t.testdir(), 'gone')
  mkdirSync(dir)
  const log = new AuditLog(join(dir, 'views.jsonl'), () => t.fail('nothing is said of it'))
  rmSync(dir, { recursive: true })
  await t.rejects(log.write({ ...view, from: view.ts }), { code: 'other', message: /cannot write the record of views/ })
})

t.test('from and to are those of the frames', async (t) => {
  const bundle = makeBundle(join(t.testdir(), 'bundles'))
  const bytes = Buffer.concat([makeFrame(bundle, 0), makeFrame(bundle, 20)])
  t.strictSame(timesOf(bytes), { from: '2026-05-01T08:00:00.000Z', to: '2026-05-01T08:00:02.000Z' })
  t.equal(timesOf(Buffer.from('nothing')), undefined)
})
