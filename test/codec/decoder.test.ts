import t from 'tap'
import { Decoder, packFrame, readRecord, StaticCoder } from '../../codec/index.js'
import { codeOf, info, sameBytes, tables } from './samples.js'
import { coding, frames, infoAt, records } from './scene.js'

const symbols = frames(1, 9)

for (const profile of ['static', 'fast', 'max'] as const) {
  t.test(`${profile}: a camera's records in order`, async (t) => {
    const decoder = new Decoder(coding())
    records(symbols, profile, 4).forEach((bytes, i) => {
      const { symbols: found, frame, key, position } = decoder.decode(readRecord(bytes))
      t.ok(sameBytes(found, symbols[i]))
      t.match(frame, { ...infoAt(i), mode: frame.mode })
      t.equal(key, profile === 'static' || i % 4 === 0)
      t.equal(position, profile === 'static' ? 0 : i % 4)
    })
  })
}

t.test('a lost frame is detected, and the next key helps', async (t) => {
  const all = records(symbols, 'max', 4).map(readRecord)
  const decoder = new Decoder(coding())
  const code = (i: number) => codeOf(() => decoder.decode(all[i]))
  t.equal(code(1), 'chain', 'joined late')
  t.same([0, 1].map(code), ['none', 'none'])
  t.equal(code(3), 'chain', 'frame 2 is lost')
  t.same([4, 5, 6].map(code), ['none', 'none', 'none'])
})

t.test('a duplicate or a stray record does not disturb', async (t) => {
  const all = records(symbols, 'fast', 4).map(readRecord)
  const other = records(frames(2, 9), 'fast', 4).map(readRecord)
  const decoder = new Decoder(coding())
  const code = (record = all[0]) => codeOf(() => decoder.decode(record))
  t.same([all[0], all[1], all[1], other[2], all[2]].map(code), ['none', 'none', 'chain', 'chain', 'none'])
})

t.test('records of version 1 are decoded too', async (t) => {
  const payload = new StaticCoder(tables).encode(symbols[0])
  t.same(new Decoder(coding()).decode(readRecord(packFrame(info, payload))).symbols, symbols[0])
  t.equal(
    codeOf(() => new Decoder(coding()).decode(readRecord(packFrame({ ...info, mode: 5 }, payload)))),
    'mode',
  )
})

t.test('other tables and other context models are refused', async (t) => {
  const [key] = records(symbols, 'max', 4).map(readRecord)
  t.equal(
    codeOf(() => new Decoder({ ...coding(), tablesHash: '0000000000000001' }).decode(key)),
    'tables',
  )
  t.equal(
    codeOf(() => new Decoder({ ...coding(), contextHash: '0000000000000001' }).decode(key)),
    'context',
  )
  const { model: _, contextHash: __, ...bare } = coding()
  t.equal(
    codeOf(() => new Decoder(bare).decode(key)),
    'context',
  )
})
