import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { run } from '../run.js'

t.test('each file is told, one that is none is named, and the others are told all the same', async (t) => {
  const dir = t.testdir({ 'notes.bsf': 'no bitstream' })
  const bundles = join(dir, 'bundles')
  const file = join(dir, 'one.bsf')
  writeFileSync(file, makeFrame(makeBundle(bundles), 1))
  const both = await run(['inspect', join(dir, 'notes.bsf'), file, join(dir, 'none.bsf'), '--bundles', bundles])
  t.equal(both.code, 3)
  t.match(both.err, /notes\.bsf[^\n]*\nblindsight: [^\n]*none\.bsf[^\n]*\n$/)
  t.match(both.out, new RegExp(`street.*${boot}`, 's'))
  const json = await run(['inspect', '--json', file, '--bundles', bundles])
  t.match([json.code, json.err], [0, ''])
  t.match(JSON.parse(json.out), { file, kind: 'key', info: { camera: 'street', boot, seq: 1 } })
  t.match(await run(['inspect']), { code: 2, err: /missing required argument 'file'/ })
})
