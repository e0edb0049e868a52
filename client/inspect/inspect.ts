/** The inspect verb: what a bitstream file holds, without making a picture of it. */
import { CodecError, decodeSymbols, type Frame, type FrameInfo, readFrames, StaticCoder } from '../../codec/index.js'
import type { Bundles } from '../bundles.js'
import { Failure } from '../failure.js'
import { readInput } from '../files.js'
import { type ChannelEntropy, channelEntropies } from './entropy.js'

export interface Report {
  readonly file: string
  /** Of the record in the file. */
  readonly offset: number
  readonly bytes: number
  readonly crc: 'ok'
  readonly info: FrameInfo
  /** Whole record, bits per pixel. */
  readonly bpp: number
  /** With the bundle at hand. */
  readonly entropy?: {
    readonly bundle: string
    /** Cross-entropy of the symbols with the bundle's tables, bits per pixel. */
    readonly bpp: number
    readonly channels: readonly ChannelEntropy[]
  }
}

/** Records before a damaged one are reported first. @throws {Failure} input, with the file; {BundleError} damaged bundle */
export function* inspectFile(file: string, bundles: Bundles): Generator<Report> {
  let offset = 0
  try {
    for (const frame of framesOf(file)) {
      const pixels = frame.info.width * frame.info.height
      const entropy = entropyOf(frame, bundles)
      const bpp = (frame.length * 8) / pixels
      yield { file, offset, bytes: frame.length, crc: 'ok', info: frame.info, bpp, ...(entropy ? { entropy } : {}) }
      offset += frame.length
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw new Failure('input', `damaged bitstream, ${file}: ${error.message}`, { cause: error })
  }
}

/** Every record of a file. @throws {Failure} input: unreadable or empty; {CodecError} damaged */
export function* framesOf(file: string): Generator<Frame> {
  const bytes = readInput(file)
  if (bytes.length === 0) throw new Failure('input', `empty file, ${file}, get it again`)
  yield* readFrames(bytes)
}

function entropyOf(frame: Frame, bundles: Bundles): Report['entropy'] {
  const bundle = bundles.find(frame.info)
  if (!bundle) return undefined
  const { freqs, scaleBits } = bundle.entropy
  const symbols = decodeSymbols(new StaticCoder({ scaleBits, freqs }), frame)
  const channels = channelEntropies(symbols, freqs, scaleBits)
  const plane = symbols.length / freqs.length
  const bits = channels.reduce((sum, { coded }) => sum + coded * plane, 0)
  return { bundle: bundle.manifest.id, bpp: bits / (frame.info.width * frame.info.height), channels }
}

/** For people. Times are UTC. */
export function reportLines({ file, offset, bytes, info, bpp, entropy }: Report): string[] {
  const time = new Date(info.timeUs / 1000).toISOString()
  const lines = [
    `${file} at byte ${offset}: ${info.camera}/${info.boot}/${info.seq}  ${time}`,
    `  ${info.width}x${info.height} pixels, latent ${info.channels}x${info.height / info.stride}x${info.width / info.stride} of ${info.levels} levels, mode ${info.mode}`,
    `  ${bytes} bytes, ${bpp.toFixed(4)} bpp, CRC ok, bundle ${info.bundle}, tables ${info.tables}`,
  ]
  if (!entropy) return [...lines, '  no such bundle here: entropy not computed']
  const list = (key: keyof ChannelEntropy) => entropy.channels.map((channel) => channel[key].toFixed(2)).join(' ')
  return [
    ...lines,
    `  bundle ${entropy.bundle}: ${entropy.bpp.toFixed(4)} bpp by its tables`,
    `  bits per symbol and channel, by the tables: ${list('coded')}`,
    `  bits per symbol and channel, of themselves: ${list('own')}`,
  ]
}
