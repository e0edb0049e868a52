import t from 'tap'
import { type FrameInfo, packFrame, readFrame, symbolCount } from '../../codec/index.js'
import { codeOf, info } from './samples.js'

const payload = Uint8Array.of(1, 2, 3)

const edges: Partial<FrameInfo>[] = [
  { mode: 255 },
  { seq: 0 },
  { seq: 2 ** 32 - 1 },
  { timeUs: 0 },
  { timeUs: 2 ** 32 },
  { timeUs: 2 ** 53 - 1 },
  { width: 8, height: 8 },
  { width: 8192, height: 8192 },
  { width: 7, height: 1, stride: 1 },
  { width: 255, height: 510, stride: 255 },
  { channels: 255, levels: 255 },
  { channels: 1, levels: 2 },
  { channels: 64, width: 8192, height: 8192 },
  { camera: 'a' },
  { camera: '_'.repeat(64) },
  { bundle: '0000000000000000', tables: 'ffffffffffffffff' },
]
for (const edge of edges) {
  t.test(`written and read back: ${JSON.stringify(edge)}`, async (t) => {
    const frame = readFrame(packFrame({ ...info, ...edge }, payload))
    t.same(frame.info, { ...info, ...edge })
    t.same(frame.payload, payload)
  })
}

const wrong: Record<keyof FrameInfo, unknown[]> = {
  mode: [-1, 256, 0.5, undefined],
  bundle: [
    '',
    '0123456789ABCDEF',
    '0123456789abcde',
    '0123456789abcdef0',
    '0123456789abcdeg',
    '0123456789abcdef\n',
    undefined,
  ],
  tables: ['0x23456789abcdef'],
  camera: ['', 'A', 'a b', 'a/b', 'ä', 'a\n', 'a'.repeat(65), '+', undefined],
  boot: [' 123456789abcdef', 5],
  seq: [-1, 2 ** 32, 1.5, Number.NaN],
  timeUs: [-1, 2 ** 53, 0.5, Number.POSITIVE_INFINITY, '5'],
  width: [0, 4, 12, 8200, 64.5],
  height: [0, -8, 49, 8200],
  channels: [0, 256],
  levels: [1, 256],
  stride: [0, 256, 7],
}
for (const [key, values] of Object.entries(wrong)) {
  t.test(`refused: ${key}`, async (t) => {
    for (const value of values) {
      const broken = { ...info, [key]: value }
      t.equal(
        codeOf(() => packFrame(broken, payload)),
        'argument',
        String(value),
      )
      t.equal(
        codeOf(() => symbolCount(broken)),
        'argument',
        String(value),
      )
    }
    t.throws(() => packFrame({ ...info, [key]: values[0] }, payload), { message: new RegExp(key) })
  })
}

t.test('a latent of more than 2^26 symbols is refused', async (t) => {
  const huge = { ...info, width: 8192, height: 8192, channels: 65 }
  t.throws(() => packFrame(huge, payload), { code: 'argument', message: /68157440 symbols/ })
})
