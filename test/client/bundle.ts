/** A small bundle with stand-in graphs, and frames coded with it. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameInfo, packFrame, StaticCoder } from '../../codec/index.js'
import { type Bundle, openBundle } from '../../contract/bundle.js'
import { shortHash } from '../../contract/hex.js'

const fixtures = join(import.meta.dirname, 'fixtures')
const freqs = [
  [2048, 1024, 1024],
  [4000, 48, 48],
]

/** 2 channels, 3 levels, stride 8, classes sky, road, car. */
export function makeBundle(bundles: string): Bundle {
  const dir = join(bundles, 'tiny')
  mkdirSync(join(dir, 'decoder'), { recursive: true })
  cpSync(join(fixtures, 'decoder.onnx'), join(dir, 'decoder', 'decoder.onnx'))
  cpSync(join(fixtures, 'segment.onnx'), join(dir, 'segment.onnx'))
  writeFileSync(join(dir, 'entropy.json'), JSON.stringify({ scaleBits: 12, freqs }))
  const names = ['decoder/decoder.onnx', 'segment.onnx', 'entropy.json']
  const files = Object.fromEntries(
    names.map((name) => {
      const bytes = readFileSync(join(dir, name))
      return [name, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]
    }),
  )
  const manifest = {
    format: 1,
    id: 'tiny',
    created: '2026-01-01T00:00:00Z',
    latent: { channels: 2, levels: 3, stride: 8, multiple: 16, centres: [-1, 0, 1] },
    classes: { classify: [], segment: ['sky', 'road', 'car'] },
    segment: { stride: 4 },
    files,
    metrics: {},
    training: {},
  }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
  return openBundle(dir)
}

export const boot = '0123456789abcdef'

/** One record of 32 x 16 pixels; `symbols` are [2, 2, 4]. */
export function makeFrame(
  bundle: Bundle,
  seq: number,
  symbols = sampleSymbols(),
  over: Partial<FrameInfo> = {},
): Uint8Array {
  const { scaleBits } = bundle.entropy
  const payload = new StaticCoder({ scaleBits, freqs: bundle.entropy.freqs }).encode(symbols)
  const info: FrameInfo = {
    mode: 0,
    bundle: shortHash(bundle.sha256),
    tables: shortHash(bundle.entropy.sha256),
    camera: 'street',
    boot,
    seq,
    timeUs: Date.UTC(2026, 4, 1, 8) * 1000 + seq * 100_000,
    width: 32,
    height: 16,
    channels: 2,
    levels: 3,
    stride: 8,
    ...over,
  }
  return packFrame(info, payload)
}

export const sampleSymbols = (): Uint8Array => Uint8Array.from([0, 1, 2, 2, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 0])
