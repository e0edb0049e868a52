/** Bundles as they are handed over: folders and tars, good ones and those that somebody made to do harm. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { Header } from 'tar'
import { MOST_BYTES, packLoose, readLoose } from '../../contract/bundle-file.js'
import { newKeyPair, privateKeyOf, SIGNATURE_FILE, signManifest } from '../../contract/bundle-signature.js'
import { otherBundle } from './other-bundle.js'

const names = ['encoder.onnx', 'analyse.onnx', 'analyse.int8.onnx', 'entropy.json', 'context.bin']

t.test('a folder, and tars of it', async (t) => {
  const dir = t.testdir()
  const folder = otherBundle(dir)
  const loose = await readLoose(folder)
  t.equal(loose.manifest.id, 'field-2')
  t.strictSame(
    loose.files.map(({ name }) => name),
    names,
  )
  t.strictSame(loose.leftOut, ['decoder/decoder.onnx'], 'what makes pictures is no part of it')
  t.equal(loose.signature, undefined)

  writeFileSync(join(folder, SIGNATURE_FILE), signManifest(loose.manifestBytes, privateKeyOf(newKeyPair().privatePem)))
  const tar = (name: string, ...args: string[]) => {
    execFileSync('tar', [name.endsWith('gz') ? '-czf' : '-cf', join(dir, name), ...args], { cwd: dir })
    return join(dir, name)
  }
  const packed = packLoose(await readLoose(folder))
  t.ok(packed.equals(packLoose(await readLoose(folder))), 'packing gives the same bytes every time')
  writeFileSync(join(dir, 'packed.tar.gz'), packed)
  for (const file of [
    tar('folder.tar.gz', 'field-2'),
    tar('folder.tar', 'field-2'),
    tar('inside.tar', '-C', 'field-2', '.'),
    tar('plain.tar', '-C', 'field-2', 'manifest.json', SIGNATURE_FILE, ...names),
    join(dir, 'packed.tar.gz'),
  ]) {
    const read = await readLoose(file)
    t.equal(read.sha256, loose.sha256, file)
    t.ok(read.signature?.length, file)
    t.ok(read.files.every(({ data }, i) => data.equals(loose.files[i]!.data)))
  }
  t.strictSame((await readLoose(join(dir, 'packed.tar.gz'))).leftOut, [], 'and has no decoder in it')
})

t.test('what is not whole or not itself', async (t) => {
  const dir = t.testdir({ empty: {}, text: 'x'.repeat(2000) })
  const cases: [string, (folder: string) => string | undefined, RegExp][] = [
    [
      'beside',
      (f) => void writeFileSync(join(f, 'run.sh'), ''),
      /holds what its manifest does not name: "run.sh"; take it out/,
    ],
    ['gone', (f) => void renameSync(join(f, 'encoder.onnx'), join(dir, 'e')), /encoder\.onnx is missing/],
    [
      'changed',
      (f) => void swap(f, 'entropy.json', (b) => b.fill(32, 0, 1)),
      /entropy\.json has 476 bytes, SHA-256 .*damaged/,
    ],
    [
      'linked',
      (f) => {
        renameSync(join(f, 'context.bin'), join(dir, 'c'))
        symlinkSync(join(dir, 'c'), join(f, 'context.bin'))
        return undefined
      },
      /"context\.bin" is a link/,
    ],
    ['large', (f) => void writeFileSync(join(f, 'zeros'), Buffer.alloc(MOST_BYTES)), /more than 40 MB or 32 files/],
    [
      'many',
      (f) => {
        for (let i = 0; i < 40; i++) writeFileSync(join(f, `f${i}`), '')
        return undefined
      },
      /more than 40 MB or 32 files/,
    ],
    ['no-manifest', () => join(dir, 'empty'), /no bundle: there is no manifest\.json in it/],
    ['away', () => join(dir, 'nowhere'), /cannot be read \(ENOENT/],
    ['words', () => join(dir, 'text'), /no tar that can be read/],
  ]
  for (const [id, spoil, message] of cases) {
    const folder = otherBundle(dir, id)
    await t.rejects(readLoose(spoil(folder) ?? folder), { name: 'BundleError', message }, id)
  }
  const strange = otherBundle(dir, 'strange', ({ files }) => {
    files['../../etc/passwd'] = files['encoder.onnx']!
  })
  await t.rejects(readLoose(strange), {
    code: 'manifest',
    message: /lists "\.\.\/\.\.\/etc\/passwd", which this version does not know/,
  })
})

t.test('tars that mean no good', async (t) => {
  const dir = t.testdir()
  const good = gunzipSync(packLoose(await readLoose(otherBundle(dir))))
  const file = join(dir, 'x.tar')
  const refused = async (bytes: Buffer, message: RegExp) => {
    writeFileSync(file, bytes)
    await t.rejects(readLoose(file), { name: 'BundleError', code: 'file', message })
  }
  const body = good.subarray(0, -1024)
  const entry = (path: string, data = 'x', more: object = {}) => {
    const header = Buffer.alloc(512)
    new Header({ path, size: data.length, mode: 0o644, mtime: new Date(0), type: 'File', ...more }).encode(header)
    return Buffer.concat([header, Buffer.from(data.padEnd(Math.ceil(data.length / 512) * 512, '\0')), Buffer.alloc(0)])
  }
  const with_ = (...entries: Buffer[]) => Buffer.concat([body, ...entries, Buffer.alloc(1024)])
  await refused(with_(entry('../../etc/cron.d/x')), /"\.\.\/\.\.\/etc\/cron\.d\/x" would lie outside/)
  await refused(with_(entry('/etc/passwd')), /"\/etc\/passwd" would lie outside/)
  await refused(with_(entry('a', '', { type: 'SymbolicLink', linkpath: '/etc/passwd' })), /"a" is a link/)
  await refused(with_(entry('a', '', { type: 'Link', linkpath: 'manifest.json' })), /"a" is a link/)
  await refused(with_(entry('a', '', { type: 'FIFO' })), /"a" is no plain file/)
  await refused(with_(entry('encoder.onnx')), /"encoder\.onnx" is in it twice/)
  await refused(with_(entry('x.sh')), /holds what its manifest does not name: "x\.sh"/)
  await refused(with_(...Array.from({ length: 40 }, (_, i) => entry(`f${i}`))), /more than 40 MB or 32 files/)
  await refused(gzipSync(Buffer.alloc(MOST_BYTES + 2 ** 21)), /more than 40 MB/)
  await refused(gzipSync(good).subarray(0, 100_000), /cut short or damaged/)
  await refused(good.subarray(0, 1_000_000), /no tar that can be read|is missing/)
  await refused(Buffer.alloc(0), /no tar that can be read/)
})

function swap(folder: string, name: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(join(folder, name)))
  mkdirSync(join(folder, '..', 'swap'), { recursive: true })
  writeFileSync(join(folder, '..', 'swap', name), bytes)
  truncateSync(join(folder, '..', 'swap', name), bytes.length)
  renameSync(join(folder, '..', 'swap', name), join(folder, name))
}
