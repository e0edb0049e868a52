import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { screen, wrongs } from '../../../agent/status/screen.js'
import { nowMs, sample } from '../http/sample.js'

t.test('one screen', async (t) => {
  const text = screen(sample, nowMs)
  t.equal(
    text,
    `gate-1  online  for 2 h
blindsight 1.0.0, lean-5 on cpu, pid 4711, /etc/blindsight/config.yaml
! frames go through, but not all: yard offline (connection refused)
! the broker is away: connection refused; results wait in the outbox

street  online   2 min ago  10 in, 9.5 encoded /s, 3600 skipped, 10 % looked at, 12 too busy to look, 67000 unpublished
yard    offline  2 min ago  connection refused

broker   mqtt://broker.local  away, connections since the start: 3
outbox   12 frames wait for the broker, 34.0 MB, the oldest 90 s old
archive  68404 frames, 1.2 GB, 12.5 days left, 7 deleted to make room; /var/lib/blindsight
dropped  3601 skipped for newer ones (the box is too slow), 2 not stored
memory   250 MB
faults
  2 min ago  31x capture ended, will start again (yard; connection refused)`,
  )
})

t.test('it stays one screen, however many faults there are', async (t) => {
  const fault = { text: 'x'.repeat(500), count: 1, first: sample.health!.ts, last: sample.health!.ts }
  const health = { ...sample.health!, faults: Array(20).fill(fault) }
  const lines = screen({ ...sample, health }, nowMs).split('\n')
  t.ok(lines.length <= 24)
  t.ok(lines.every((line) => line.length <= 120))
})

t.test('each word is explained in docs/how-to/status.md', async (t) => {
  const drops = { latest_wins: 1, inference: 1, commit: 1, dead_letter: 1, outbox: 1, outbox_thinned: 1, other: 1 }
  const page = readFileSync(join(process.cwd(), 'docs', 'how-to', 'status.md'), 'utf8')
  const screens = Object.keys(drops).map((key) => {
    const only = { [key]: 7 } as NonNullable<typeof sample.health>['drops']
    return screen({ ...sample, health: { ...sample.health!, drops: only } }, nowMs)
  })
  const words = screens.map((text) => /^dropped {2}7 (.*)$/m.exec(text)![1]!)
  for (const word of words.filter((one) => one !== 'other')) t.ok(page.includes(`\`${word}\``), word)
  t.ok(words.includes('other'), 'a reason of a later version')
  t.notOk(
    words.some((word) => word in drops && word !== 'other'),
    'no name of a field',
  )
  for (const word of ['in', 'encoded /s', 'skipped', 'looked at', 'too busy to look', 'unpublished'])
    t.ok(page.includes(`\`${word}\``), word)
})

t.test('what is wrong', async (t) => {
  const health = { ...sample.health!, broker: { connected: true, connects: 1 } }
  t.strictSame(wrongs({ ...sample, why: 'frames go through', health }), [])
  t.strictSame(wrongs({ ...sample, ok: false, why: 'starting', state: 'starting', health: null }), ['starting'])
  t.match(wrongs({ ...sample, state: 'degraded', reason: 'archive: disk full', health })[1], /^degraded: archive: disk/)
})

t.test('a bundle that did not run', async (t) => {
  const fell_back = { from: 'field-2', why: 'no memory', at: sample.health!.ts }
  const bundle = { id: 'lean-5', sha256: 'ab'.repeat(32), fell_back }
  const facts = { ...sample, health: { ...sample.health!, bundle } }
  t.match(wrongs(facts).at(-1), /^bundle field-2 did not run \(no memory\); lean-5 came back: .* bundle list/)
  t.match(screen(facts, nowMs), /blindsight 1\.0\.0, lean-5 \(abababababababab\) on cpu/)
})
