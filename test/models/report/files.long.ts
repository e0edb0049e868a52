/** What docs/background/results.md is made of: reports of finished runs, without those that stand on weights which are no more. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { python, root } from '../python.js'

t.test('collect', async (t) => {
  const codec = { row: 1, made: 'a', upstream: {}, limit: null }
  const classifier = { row: 2, made: 'b', upstream: { 'ae-0.330': 'a' }, limit: null }
  const dir = t.testdir({
    runs: {
      paper: {
        'ae-0.330.json': JSON.stringify(codec),
        'c51-0.330.json': JSON.stringify(classifier),
        'r50-0.330.json': JSON.stringify({ ...classifier, row: 3, upstream: { 'ae-0.330': 'before' } }),
        'seg-c51-0.330.json': JSON.stringify({ ...classifier, row: 4, upstream: { 'r50-0.330': 'c' } }),
        'c39-0.330.json': JSON.stringify({ ...classifier, limit: 6 }),
        'nobody-configured-it.json': JSON.stringify(codec),
      },
    },
    results: { 'systems.json': JSON.stringify({ 'ae-0.0983': { row: 1, from: 'a session before' } }) },
  })
  const { status, stdout, stderr } = spawnSync(python, ['test/models/report/collected.py', dir], {
    cwd: root,
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  const [said, kept] = [
    stdout.split('\n').filter((line) => line.startsWith('left out')),
    stdout.trim().split('\n').at(-1),
  ]
  t.strictSame(JSON.parse(kept ?? ''), {
    'ae-0.0983': { row: 1, from: 'a session before' },
    'ae-0.330': codec,
    'c51-0.330': classifier,
  })
  t.match(said.join('\n'), /r50-0\.330/, 'another codec')
  t.match(said.join('\n'), /seg-c51-0\.330/, 'what stands on such a run')
  t.match(said.join('\n'), /nobody-configured-it/)
})
