import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { addBundle, checkRoom, inWords, nameFault, removeBundle, storedBundles } from '../../../agent/updates/store.js'
import { readLoose } from '../../../contract/bundle-file.js'
import { otherBundle } from '../../contract/other-bundle.js'

const runs = async () => {}
const ids = (dir: string) => storedBundles(dir).map(({ id, from }) => `${id} ${from}`)
const packaged = ['field-1 package', 'lean-1 package', 'lean-5 package']

t.test('added, added again, mended, removed', async (t) => {
  const place = t.testdir()
  const dir = join(place, 'state')
  const loose = await readLoose(otherBundle(place))
  t.strictSame(ids(dir), packaged)
  let tried = ''
  const add = () =>
    addBundle(loose, dir, 0, async (beside) => {
      tried = beside
      t.strictSame(ids(dir), packaged, 'what is being tried is not to be had yet')
      t.strictSame(readdirSync(beside).sort(), [
        'analyse.int8.onnx',
        'analyse.onnx',
        'context.bin',
        'encoder.onnx',
        'entropy.json',
        'manifest.json',
      ])
    })
  t.equal(await add(), 'added')
  t.strictSame(ids(dir), [...packaged, 'field-2 added'])
  t.strictSame(readdirSync(join(dir, 'bundles')), ['field-2'])
  const [stored] = storedBundles(dir).slice(-1)
  t.match(stored, { sha256: loose.sha256, bytes: 14_000_302, signature: undefined })
  tried = ''
  t.equal(await add(), 'there')
  t.equal(tried, '')
  writeFileSync(join(dir, 'bundles', 'field-2', 'analyse.onnx'), 'damaged')
  t.equal(await addBundle(loose, dir, 0, runs), 'added', 'a damaged one is put right')
  t.ok(
    readFileSync(join(dir, 'bundles', 'field-2', 'analyse.onnx')).equals(
      loose.files.find(({ name }) => name === 'analyse.onnx')!.data,
    ),
  )

  const another = await readLoose(
    otherBundle(join(place, 'later'), 'field-2', (manifest) => {
      manifest.created = 'later'
    }),
  )
  await t.rejects(addBundle(another, dir, 0, runs), {
    exitCode: 3,
    message: /another bundle field-2 is here .*; remove that first/,
  })
  removeBundle('field-2', dir)
  t.strictSame(readdirSync(join(dir, 'bundles')), [])
})

t.test('what is refused leaves nothing behind', async (t) => {
  const dir = t.testdir()
  const loose = await readLoose(otherBundle(join(dir, 'source')))
  await t.rejects(
    addBundle(loose, dir, 0, () => Promise.reject(new Error('does not run'))),
    { message: 'does not run' },
  )
  t.strictSame(readdirSync(join(dir, 'bundles')), [])
  await t.rejects(addBundle(loose, dir, 1e18, runs), {
    exitCode: 3,
    message: /MB free; a bundle of 14 MB needs .*make room/,
  })
  t.throws(() => checkRoom(dir, 1e18, 0), /make room/)
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  await t.rejects(
    addBundle(loose, dir, 0, () => Promise.reject(full)),
    { exitCode: 3, message: /the disk is full; make room/ },
  )
  t.strictSame(readdirSync(join(dir, 'bundles')), [])
  const other = new Error('x')
  t.equal(inWords(other, dir), other)
  t.throws(() => removeBundle('nothing', dir))
})

t.test('names', async (t) => {
  t.equal(nameFault('field-2'), undefined)
  t.match(nameFault('field-1'), /comes with the package/)
  for (const id of ['.', '..', '.new-1', '-x']) t.match(nameFault(id), /cannot be named/, id)
  const dir = t.testdir()
  otherBundle(join(dir, 'bundles'), 'lean-1')
  t.strictSame(ids(dir), packaged, 'a name of the package stays the package’s')
  const taken = await readLoose(join(dir, 'bundles', 'lean-1'))
  await t.rejects(addBundle(taken, dir, 0, runs), /comes with the package/)
})

t.test('what an add that was killed has left', async (t) => {
  const dir = t.testdir()
  const [old, fresh] = ['.new-old', '.new-fresh'].map((name) => join(dir, 'bundles', name))
  for (const place of [old!, fresh!]) mkdirSync(place, { recursive: true })
  utimesSync(old!, 1, 1)
  await addBundle(await readLoose(otherBundle(join(dir, 'source'))), dir, 0, runs)
  t.notOk(existsSync(old!))
  t.ok(existsSync(fresh!), 'another add may be under way')
})

t.test('two adds of one id at once: the second looks again before it takes the place', async (t) => {
  const dir = t.testdir()
  const loose = await readLoose(otherBundle(join(dir, 'a')))
  const other = await readLoose(
    otherBundle(join(dir, 'b'), 'field-2', (manifest) => {
      manifest.created = 'later'
    }),
  )
  const meanwhile = async () => void (await addBundle(other, dir, 0, runs))
  await t.rejects(addBundle(loose, dir, 0, meanwhile), { exitCode: 3, message: /another bundle field-2 is here/ })
  t.equal(storedBundles(dir).at(-1)!.sha256, other.sha256)
  t.equal(await addBundle(other, dir, 0, runs), 'there')
  writeFileSync(join(dir, 'bundles', 'field-2', 'encoder.onnx'), 'damaged')
  t.equal(await addBundle(other, dir, 0, meanwhile), 'there', 'the same one')
  t.strictSame(readdirSync(join(dir, 'bundles')), ['field-2'])
})

t.test('a signature comes to a bundle that is there without, and stays when it is added without', async (t) => {
  const dir = t.testdir()
  const loose = await readLoose(otherBundle(join(dir, 'a')))
  await addBundle(loose, dir, 0, runs)
  const signature = Buffer.from('signed')
  t.equal(await addBundle({ ...loose, signature }, dir, 0, runs), 'added')
  t.equal(await addBundle(loose, dir, 0, runs), 'there')
  t.ok(storedBundles(dir).at(-1)!.signature?.equals(signature))
})
