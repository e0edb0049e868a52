import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { run } from '../run.js'

t.test('every record of a file, with and without its bundle', async (t) => {
  const dir = t.testdir()
  const bundles = join(dir, 'bundles')
  const frame = makeFrame(makeBundle(bundles), 7)
  const file = join(dir, 'two.bsf')
  writeFileSync(file, Buffer.concat([frame, frame]))
  const json = await run(['inspect', file, '--bundles', bundles, '--json'])
  t.equal(json.code, 0, json.err)
  const records = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(records, [
    { file, offset: 0, bytes: frame.length, crc: 'ok', info: { camera: 'street', boot, seq: 7 } },
    { offset: frame.length },
  ])
  t.equal(records[0].bpp, (frame.length * 8) / (32 * 16))
  t.equal(records[0].entropy.channels.length, 2)
  const text = await run(['inspect', file, '--bundles', join(dir, 'none')])
  t.equal(text.code, 0)
  t.match(text.out, /street\/0123456789abcdef\/7 {2}2026-05-01T08:00:00.700Z/)
  t.match(text.out, /no such bundle here/)
})

t.test('a damaged file: the records before the damage, one line, exit code 3', async (t) => {
  const dir = t.testdir()
  const frame = makeFrame(makeBundle(dir), 7)
  const files = {
    'crc-mismatch': Buffer.concat([frame, frame.map((byte, i) => (i === frame.length - 6 ? byte ^ 1 : byte))]),
    truncated: frame.subarray(0, -3),
    'no-record': Buffer.from('a picture of a cat'),
    empty: Buffer.alloc(0),
  }
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(dir, `${name}.bsf`)
    writeFileSync(file, bytes)
    const { code, out, err } = await run(['inspect', file, '--bundles', dir])
    t.equal(code, 3, name)
    t.match(err, new RegExp(`^blindsight: [^\\n]*${name}\\.bsf[^\\n]*\\n$`))
    t.equal(out.includes('CRC ok'), name === 'crc-mismatch')
  }
})
