import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../client/bitstreams/bundles.js'
import { symbolsOf } from '../../../client/bitstreams/symbols.js'
import type { Damage } from '../../../codec/index.js'

const fixtures = join(process.cwd(), 'test/fixtures/codec')
const stream = readFileSync(join(fixtures, 'lean-1-fast-v2.bin'))
const hashes: string[] = JSON.parse(readFileSync(join(fixtures, 'lean-1-v2.sha256.json'), 'utf8'))
const bundles = new Bundles(join(process.cwd(), 'models/bundles'))

t.test('a file of a real camera', async (t) => {
  const frames = [...symbolsOf(stream, bundles)]
  t.strictSame(
    frames.map(({ symbols }) => createHash('sha256').update(symbols).digest('hex')),
    hashes,
  )
})

t.test('what is damaged is told, or thrown', async (t) => {
  const told: Damage[] = []
  const twice = Buffer.concat([stream.subarray(0, -3), stream])
  t.equal([...symbolsOf(twice, bundles, (damage) => told.push(damage))].length, 7)
  t.match(told, [{ error: { code: 'checksum' } }])
  t.throws(() => [...symbolsOf(stream.subarray(0, -3), bundles)], { name: 'CodecError', code: 'truncated' })
  t.throws(() => [...symbolsOf(stream, new Bundles(t.testdir({})))], { name: 'Failure', message: /no bundle/ })
})
