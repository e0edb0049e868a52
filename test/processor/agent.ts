/**
 * Compares what two processors archived of the same frames: node agent.js STATE-DIR-HERE STATE-DIR-THERE
 * Symbols are counted where they differ (a rounding tie of the encoder's arithmetic); and what was coded there is coded here
 * again from its symbols, and must be the same bytes. Exit status 1 where frames are missing or bytes differ.
 */
import { Archive } from '../../agent/archive/archive.js'
import { bundleDir, DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { Decoder, Encoder, Packer, readArchive } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'

const [here, there] = process.argv.slice(2)
if (!here || !there) throw new Error('usage: node dist/test/processor/agent.js STATE-DIR-HERE STATE-DIR-THERE')
const coding = codingOf(openBundle(bundleDir(DEFAULT_BUNDLE)))

interface Frame {
  readonly symbols: Uint8Array
  /** Whether its symbols, coded on this machine, are the archived bytes. */
  readonly same: boolean
}

function framesOf(stateDir: string): Frame[] {
  const archive = Archive.open(stateDir)
  const summaries = archive.list({ cursor: 0, limit: 1000 } as Parameters<Archive['list']>[0])
  const decoder = new Decoder(coding)
  const packer = new Packer(coding.contextHash)
  let encoder: Encoder | undefined
  const records = summaries.map(({ id, bytes }) => archive.readBits(id, 0, bytes))
  const frames = [...readArchive(Buffer.concat(records))].map((piece, i) => {
    if (piece.kind !== 'key' && piece.kind !== 'predicted') throw new Error(`${stateDir}: frame ${i} is damaged`)
    const { symbols, frame, key } = decoder.decode(piece)
    const { height, width, stride } = frame
    encoder ??= new Encoder(piece.profile!, coding, { height: height / stride, width: width / stride })
    const again = packer.pack(frame, encoder.encode(symbols, { key }))
    return { symbols, same: Buffer.compare(again, records[i]!) === 0 }
  })
  archive.close()
  return frames
}

const a = framesOf(here)
const b = framesOf(there)
let differing = 0
let equalFrames = 0
let symbols = 0
let largest = 0
for (let i = 0; i < Math.min(a.length, b.length); i++) {
  const [x, y] = [a[i]!.symbols, b[i]!.symbols]
  symbols += x.length
  let here = 0
  for (let at = 0; at < x.length; at++) {
    if (x[at] === y[at]) continue
    here++
    largest = Math.max(largest, Math.abs(x[at]! - y[at]!))
  }
  differing += here
  if (here === 0) equalFrames++
}
const recoded = b.filter(({ same }) => same).length
console.log(
  `${a.length} and ${b.length} frames; ${differing} of ${symbols} symbols differ (${((100 * differing) / symbols).toFixed(4)} %), by ${largest} at most; ${equalFrames} frames have all symbols the same; ${recoded} of ${b.length} frames coded again here from their symbols are the same bytes`,
)
if (a.length !== b.length || a.length === 0 || recoded !== b.length || a.some(({ same }) => !same)) process.exitCode = 1
