import { join } from 'node:path'
import t from 'tap'
import { Folder, openObjects, sha256Of } from '../../../client/collect/objects.js'
import { suite } from './objects-suite.js'

suite('a folder', async (t) => new Folder(join(t.testdir({}), 'bitstreams')))

t.test('by address', async (t) => {
  t.equal(await openObjects(undefined), undefined)
  t.match(await openObjects('/srv/bitstreams'), { name: '/srv/bitstreams' })
  await t.rejects(openObjects('s3:bucket'), { code: 'usage', message: /s3:\/\/bucket\/prefix/ })
  t.equal(sha256Of(Uint8Array.of()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})
