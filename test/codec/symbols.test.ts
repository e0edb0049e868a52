import t from 'tap'
import { decodeSymbols, packFrame, readFrame, StaticCoder, symbolCount } from '../../codec/index.js'
import { codeOf, info, peaked, sample } from './samples.js'

t.test('counts the latent', async (t) => {
  t.equal(symbolCount(info), 3 * 6 * 8)
  t.equal(symbolCount({ ...info, width: 448, height: 256, channels: 16 }), 16 * 56 * 32)
})

t.test('record to symbols', async (t) => {
  const { coder, symbols, record } = sample()
  t.same(decodeSymbols(coder, readFrame(record)), symbols)
})

t.test('an unknown mode is read, but not decoded', async (t) => {
  const { coder, payload } = sample()
  for (const mode of [1, 2, 255]) {
    const frame = readFrame(packFrame({ ...info, mode }, payload))
    t.equal(frame.info.mode, mode)
    t.same(frame.payload, payload)
    t.throws(() => decodeSymbols(coder, frame), { code: 'mode', message: new RegExp(`mode ${mode} `) })
  }
})

t.test('tables of another shape are refused, and the message names those wanted', async (t) => {
  const { record } = sample()
  for (const tables of [peaked(4, 6, 12, 1), peaked(3, 5, 12, 1)]) {
    t.throws(() => decodeSymbols(new StaticCoder(tables), readFrame(record)), {
      code: 'tables',
      message: new RegExp(info.tables),
    })
  }
})

t.test('a payload that is not of this size is refused', async (t) => {
  const { coder, payload } = sample()
  const sizes: [number, number][] = [
    [64, 40],
    [56, 48],
    [8, 8],
    [8192, 8192],
  ]
  for (const [width, height] of sizes) {
    const frame = readFrame(packFrame({ ...info, width, height }, payload))
    t.equal(
      codeOf(() => decodeSymbols(coder, frame)),
      'payload',
    )
  }
  t.equal(
    codeOf(() => decodeSymbols(coder, readFrame(packFrame(info, new Uint8Array(0))))),
    'payload',
  )
})
