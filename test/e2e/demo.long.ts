/** The README's command, with fewer frames: real video, and what it says at the end. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { blindsight, Program } from './program.js'
import { missing, query } from './setting.js'
import { until } from './until.js'

/** docs/background/costs.md says what they are. */
const documented = [
  'frames',
  'fps',
  'bpp_mean',
  'ms',
  'published',
  'acked',
  'dead_letters',
  'archived',
  'dropped',
  'providers',
  'peak_rss_mb',
  'events',
]

t.test('demo --frames 30 --json', async (t) => {
  const dir = t.testdir()
  const { code, out, err } = await blindsight(['demo', '--frames', '30', '--json', '--state-dir', join(dir, 'state')])
  t.equal(code, 0, err)
  t.equal(out.trim().split('\n').length, 1, 'one object and nothing else')
  const said = JSON.parse(out)
  t.strictSame(Object.keys(said), documented)
  const stages = ['capture', 'encode', 'analyse', 'code', 'commit', 'publish']
  t.strictSame(Object.keys(said.ms), stages)
  for (const stage of stages) t.ok(said.ms[stage] > 0, `${stage} took time`)
  for (const name of ['frames', 'published', 'acked', 'archived']) t.equal(said[name], 30, name)
  t.equal(said.dropped, 0)
  t.ok(said.fps > 0 && said.bpp_mean > 0.01 && said.bpp_mean < 0.3, `${said.fps} frames/s, ${said.bpp_mean} bpp`)
  t.ok(said.peak_rss_mb < 400, `${said.peak_rss_mb} MB`)
  const rows = query(dir, 'SELECT boot, seq FROM frames') as { boot: string; seq: number }[]
  t.equal(rows.length, 30)
  t.strictSame(missing(rows), [])
  t.strictSame(query(dir, 'SELECT * FROM outbox'), [])
})

t.test('a live line a second, until Ctrl-C', async (t) => {
  const dir = t.testdir()
  const demo = Program.start(['demo', '--seconds', '0', '--size', '224x128', '--state-dir', join(dir, 'state')])
  t.teardown(() => demo.kill())
  await until(
    'three lines',
    () => (demo.out.match(/frames\/s · .* bpp · .* · archive \d+ frames .* · outbox \d+/g) ?? []).length >= 3,
  )
  const ask = /blindsight (status --state-dir \S+)/.exec(demo.out)?.[1]?.split(' ') ?? []
  t.match(await blindsight(ask), { code: 0, out: /street.*online/ }, 'how it is, as the demo says that one asks')
  demo.child.kill('SIGINT')
  const { code, out, err } = await demo.ended()
  t.equal(code, 0, err)
  t.match(out, /acknowledged by the broker/)
  t.ok(existsSync(join(dir, 'state', 'archive.sqlite')), 'what was archived stays')
})

t.test('demo --view serves a page beside it, and takes it along', async (t) => {
  const program = Program.start(['demo', '--view', '--state-dir', join(t.testdir(), 'state')])
  t.teardown(() => program.kill())
  const address = await until('where to look', () => {
    if (!program.running) throw new Error(program.err)
    return /look at (http:\S+)/.exec(program.out)?.[1]
  })
  t.match(await (await fetch(address)).text(), /page\.js/)
  const cameras = () =>
    fetch(`${address}api/cameras`).then((response) => response.json() as Promise<{ state: string }[]>)
  await until('the camera is known', async () => (await cameras())[0]?.state === 'online')
  t.equal((await program.terminate()).code, 0, program.err)
  await t.rejects(fetch(address))
  const wrong = await blindsight(['demo', '--view', '--json'])
  t.equal(wrong.code, 2)
  t.match(wrong.err, /^blindsight: --view: not with --json or --frames/)
})
