import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Progress } from '../../agent/warmup.js'
import { blindsight } from '../e2e/program.js'
import { camera, clip, configFile } from '../e2e/setting.js'

t.test('the networks are opened at every size, and the last line says what ran them', async (t) => {
  const dir = t.testdir()
  const cameras = [
    { id: camera, source: clip, width: 64, height: 64 },
    { id: 'yard', source: clip, width: 96, height: 64 },
  ]
  const config = await configFile(dir, { top: { cameras } })
  const { code, out, err } = await blindsight(['warmup', '--config', config])
  t.equal(code, 0, err)
  t.match(out, /^encoder ran on cpu, analyse ran on cpu; .*only TensorRT/)
  for (const graph of ['graph 1 of 2: encoder', 'graph 2 of 2: analyse'])
    for (const step of ['opening', 'first run at 64x64', 'first run at 96x64'])
      t.match(
        err,
        new RegExp(`^${graph}, ${step}\\n(note: .*\\n)*${graph}, ${step}(: \\d+ s so far\\n.*)*: \\d+\\.\\d s$`, 'm'),
      )
  t.match(err, /^note: tensorrt: not offered/m)
  t.notOk(existsSync(join(dir, 'state', 'engines')), 'what builds nothing leaves nothing')
})

t.test('a configuration that is wrong ends with 78 and where', async (t) => {
  const config = await configFile(t.testdir(), { top: { bundle: 'no-such' } })
  const { code, err } = await blindsight(['warmup', '--config', config])
  t.equal(code, 78)
  t.match(err, /no bundle in .*no-such/)
})

t.test('progress: each step with its seconds, and those so far', async (t) => {
  const lines: string[] = []
  let nowMs = 0
  const progress = new Progress(
    (line) => lines.push(line),
    () => nowMs,
  )
  progress.goesOn()
  progress.opens({ graph: 'encoder', number: 1, of: 1 })
  nowMs = 5100
  progress.goesOn()
  nowMs = 7140
  progress.opens({ graph: 'encoder', number: 1, of: 1, size: { width: 448, height: 256 } })
  nowMs = 7240
  progress.done()
  progress.done()
  t.strictSame(lines, [
    'graph 1 of 1: encoder, opening',
    'graph 1 of 1: encoder, opening: 5 s so far',
    'graph 1 of 1: encoder, opening: 7.1 s',
    'graph 1 of 1: encoder, first run at 448x256',
    'graph 1 of 1: encoder, first run at 448x256: 0.1 s',
  ])
})
