/**
 * decode.py was written from FORMAT.md alone: where it finds other symbols, the page or the coder is wrong. It is slow: here it
 * reads the small streams, in python.long.ts all.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { info, tables } from './samples.js'
import { CONTEXT_HASH } from './scene.js'

const whole = process.env.PYTHON_WHOLE !== undefined
const root = join(import.meta.dirname, '..', '..')
const fixtures = join(root, 'test', 'fixtures', 'codec')
const bundle = join(root, 'models', 'bundles', 'lean-1')

async function decode(...args: string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 1 << 26 } as const
  return (await promisify(execFile)('python3', [join(import.meta.dirname, 'decode.py'), ...args], options)).stdout
}

const released = ['--entropy', join(bundle, 'entropy.json'), '--context', join(bundle, 'context.bin')]

t.test('version 1, static', async (t) => {
  const entropy = join(fixtures, 'static-v1.entropy.json')
  const symbols = await decode('--entropy', entropy, '--tables-hash', info.tables, join(fixtures, 'static-v1.bin'))
  t.ok(symbols.equals(readFileSync(join(fixtures, 'static-v1.symbols.bin'))))
})

t.test('version 2: made-up scenes, with index blocks and without', async (t) => {
  const entropy = join(t.testdir(), 'entropy.json')
  writeFileSync(entropy, JSON.stringify(tables))
  const profiles = whole ? ['static', 'fast', 'max'] : ['fast']
  const files = profiles.map((profile) => join(fixtures, `segments-${profile}-v2.bin`))
  const context = ['--context', join(fixtures, 'context-v1.bin'), '--context-hash', CONTEXT_HASH]
  const symbols = await decode('--entropy', entropy, '--tables-hash', info.tables, ...context, ...files)
  const expected = readFileSync(join(fixtures, 'segments-v2.symbols.bin'))
  t.ok(symbols.equals(Buffer.concat(profiles.map(() => expected))))
})

t.test('a real camera with the released bundle', { skip: !whole && 'in npm run test:long' }, async (t) => {
  const hashes: string[] = JSON.parse(readFileSync(join(fixtures, 'lean-1-v2.sha256.json'), 'utf8'))
  const symbols = await decode(...released, ...['fast', 'max'].map((p) => join(fixtures, `lean-1-${p}-v2.bin`)))
  const frame = 16 * 32 * 56
  const found = Array.from({ length: symbols.length / frame }, (_, i) =>
    createHash('sha256')
      .update(symbols.subarray(i * frame, (i + 1) * frame))
      .digest('hex'),
  )
  t.strictSame(found, [...hashes, ...hashes])
})

t.test('a flipped byte is refused, and its place named', async (t) => {
  const bytes = readFileSync(join(fixtures, 'static-v1.bin'))
  bytes[1000]! ^= 1
  const file = join(t.testdir(), 'damaged.bin')
  writeFileSync(file, bytes)
  const entropy = join(fixtures, 'static-v1.entropy.json')
  const error = await decode('--entropy', entropy, '--tables-hash', info.tables, file).catch((error) => error)
  t.equal(error.code, 1)
  t.match(String(error.stderr), /damaged\.bin: byte 0: record CRC differs/)
})
