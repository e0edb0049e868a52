import t from 'tap'
import { crc32 } from '../../codec/crc32.js'
import { readContextModel } from '../../codec/model.js'
import { packContextModel } from '../../models/context/pack.js'
import { codeOf, seeded } from './samples.js'
import { trainedFile, untrained } from './scene.js'

const file = trainedFile()
const read = (bytes: Uint8Array) => codeOf(() => readContextModel(bytes))

t.test('what was written is read, and written again the same', async (t) => {
  const model = readContextModel(file)
  t.same([model.channels, model.levels], [3, 6])
  t.same(model.linear, untrained().linear)
  t.notSame(model.max.key.byActivity, untrained().max.key.byActivity)
  t.ok(
    Buffer.from(packContextModel(readContextModel(packContextModel(untrained())))).equals(
      packContextModel(untrained()),
    ),
  )
})

t.test('the fast profile begins its keyframes with counters of the other', async (t) => {
  const { fast, max } = readContextModel(file)
  t.same(fast.key.counters, max.key.counters.subarray(0, fast.key.counters.length))
})

t.test('every cut and every flipped byte is refused', async (t) => {
  for (let length = 0; length < file.length; length += length < 40 ? 1 : 397) {
    if (read(file.subarray(0, length)) !== 'context') t.fail(`cut at ${length}`)
  }
  const bytes = file.slice()
  for (let i = 0; i < bytes.length; i += i < 40 ? 1 : 397) {
    bytes[i] ^= 0x20
    if (read(bytes) !== 'context') t.fail(`flip at ${i}`)
    bytes[i] ^= 0x20
  }
})

t.test('a sealed file of nonsense is refused or read, never a crash', async (t) => {
  const random = seeded(8)
  for (let round = 0; round < 12; round++) {
    const bytes = file.slice()
    for (let i = 0; i < 3; i++)
      bytes[round < 8 ? 5 + Math.floor(random() * 40) : 20 + Math.floor(random() * 2000)] = random() * 256
    new DataView(bytes.buffer).setUint32(8, bytes.length, true)
    new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes, 0, bytes.length - 4), true)
    t.match(read(bytes), /context|none/)
  }
})
