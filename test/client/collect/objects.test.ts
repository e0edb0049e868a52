import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { Folder, openObjects, placeOf, sha256Of } from '../../../client/collect/objects.js'
import { suite } from './objects-suite.js'

suite('a folder', async (t) => new Folder(join(t.testdir({}), 'bitstreams')))

t.test('by address', async (t) => {
  t.equal(await openObjects(undefined), undefined)
  t.match(await openObjects('/srv/bitstreams'), { name: '/srv/bitstreams' })
  await t.rejects(openObjects('s3:bucket'), { code: 'usage', message: /s3:\/\/bucket\/prefix/ })
  t.equal(sha256Of(Uint8Array.of()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

t.test('no two collectors write the same object, and what a crash leaves half-written goes with it', async (t) => {
  const of = () => placeOf('gate-1', 'street', '0123456789abcdef', { seq: 4, last: 7 })
  t.not(of(), of())
  t.match(of(), /^gate-1\/street\/0123456789abcdef\/4-7-[0-9a-f]{10}\.bsf$/)
  const dir = t.testdir({})
  const place = of()
  const half = join(dir, `${place}.part`)
  mkdirSync(dirname(half), { recursive: true })
  writeFileSync(half, 'half')
  await new Folder(dir).delete([place])
  t.equal(existsSync(half), false)
})
