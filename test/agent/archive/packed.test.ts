import t from 'tap'
import { pack, unpack } from '../../../agent/archive/packed.js'

const runs = Array.from({ length: 400 }, (_, i) => `${i % 2 ? 10 : 9},${1 + (i % 7)}`).join()
const result = `{"common":{"v":1,"cam":"straße"},"cls":[{"id":"person","label":"person","p":0.2,"there":false}],"seg":{"w":112,"h":64,"mask":{"enc":"rle","data":[${runs}]}}}`

t.test('a result comes back as it was, from a quarter of its room', async (t) => {
  for (const one of [result, '{}', '']) t.equal(unpack(pack(one)), one)
  t.ok(pack(result).length < result.length / 4)
})

t.test('what earlier versions wrote is the JSON itself', async (t) => {
  t.equal(unpack(result), result)
})

t.test('what was packed stays readable', async (t) => {
  t.equal(
    unpack(Buffer.from('AcMszyHFeGViUQqoKIKmXfyuMTc0swA5BwA=', 'base64')),
    '{"common":{"v":1,"cam":"yard"},"seg":{"mask":{"enc":"rle","data":[10,7168]}}}',
  )
})

t.test('what is damaged, or of a later version, is said', async (t) => {
  const packed = pack(result)
  t.throws(() => unpack(Buffer.concat([Buffer.of(9), packed.subarray(1)])), /not known here \(9\)/)
  t.throws(() => unpack(Buffer.alloc(0)), /not known here/)
  t.throws(() => unpack(packed.subarray(0, packed.length / 2)))
  t.throws(() => unpack(pack('x'.repeat(2 ** 24 + 1))), 'as a damaged one that would fill the memory')
})
