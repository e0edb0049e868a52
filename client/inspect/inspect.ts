/** The inspect verb: what a bitstream file holds, without making a picture of it. */

import { CodecError, type Decoded, type FrameInfo, type FrameRecord, type Profile } from '../../codec/index.js'
import type { Bundle } from '../../contract/bundle.js'
import { isoOf } from '../../contract/time.js'
import type { Bundles } from '../bitstreams/bundles.js'
import { type Segment, SegmentDecoder, segmentsOf } from '../bitstreams/streams.js'
import type { Failure } from '../failure.js'
import { type ChannelEntropy, channelEntropies } from './entropy.js'

export interface Report {
  readonly file: string
  /** Of the record in the file. */
  readonly offset: number
  readonly bytes: number
  readonly crc: 'ok'
  /** Of the frame; for a predicted one camera, size and hashes are its keyframe's. */
  readonly info: FrameInfo
  readonly version: 1 | 2
  readonly kind: 'key' | 'predicted'
  readonly profile: Profile | undefined
  /** cam/boot/seq of the keyframe that decoding begins with */
  readonly segment: string
  /** Whole record, bits per pixel. */
  readonly bpp: number
  /** With the bundle at hand. */
  readonly entropy?: {
    readonly bundle: string
    /** Cross-entropy of the symbols with the bundle's static tables, bits per pixel. */
    readonly bpp: number
    readonly channels: readonly ChannelEntropy[]
  }
  /** Of fast and max: bits per symbol of each channel as coded, and bits that are of no channel. */
  readonly coded?: { readonly channels: readonly number[]; readonly shared: number }
}

/** What is damaged goes to `failed`; the rest is still reported. @throws {Failure} unreadable; {BundleError} damaged bundle */
export function* inspectFile(file: string, bundles: Bundles, failed: (failure: Failure) => void): Generator<Report> {
  const decoders = new Map<string, SegmentDecoder>()
  for (const segment of segmentsOf(file, failed)) {
    const bundle = bundles.find(segment.frame)
    if (!bundle) {
      yield* segment.records.map((record) => reportOf(segment, record))
      continue
    }
    const decoder = decoders.get(bundle.sha256) ?? new SegmentDecoder(bundle)
    decoders.set(bundle.sha256, decoder)
    try {
      for (const { record, decoded } of decoder.frames(segment)) yield reportOf(segment, record, bundle, decoded)
    } catch (error) {
      if (!((error as Error).cause instanceof CodecError)) throw error
      failed(error as Failure)
    }
  }
}

function reportOf({ file, frame }: Segment, record: FrameRecord, bundle?: Bundle, decoded?: Decoded): Report {
  const { offset, length, version, kind, profile, seq, timeUs } = record
  const info = { ...frame, seq, timeUs }
  const bpp = (length * 8) / (frame.width * frame.height)
  const segment = `${frame.camera}/${frame.boot}/${frame.seq}`
  const report = { file, offset, bytes: length, crc: 'ok', info, version, kind, profile, segment, bpp } as const
  if (!bundle || !decoded) return report
  const { symbols, channelBits } = decoded
  const { freqs, scaleBits } = bundle.entropy
  const channels = channelEntropies(symbols, freqs, scaleBits)
  const plane = symbols.length / freqs.length
  const bits = channels.reduce((sum, { coded }) => sum + coded * plane, 0)
  const entropy = { bundle: bundle.manifest.id, bpp: bits / (info.width * info.height), channels }
  if (!channelBits) return { ...report, entropy }
  const perSymbol = [...channelBits].slice(0, -1).map((spent) => spent / plane)
  return { ...report, entropy, coded: { channels: perSymbol, shared: channelBits.at(-1)! } }
}

/** For people. Times are UTC. */
export function reportLines({
  file,
  offset,
  bytes,
  info,
  kind,
  profile,
  segment,
  bpp,
  entropy,
  coded,
}: Report): string[] {
  const time = isoOf(info.timeUs)
  const coding = kind === 'key' ? 'keyframe' : `predicted, segment ${segment}`
  const lines = [
    `${file} at byte ${offset}: ${info.camera}/${info.boot}/${info.seq}  ${time}`,
    `  ${info.width}x${info.height} pixels, latent ${info.channels}x${info.height / info.stride}x${info.width / info.stride} of ${info.levels} levels, ${profile ?? `mode ${info.mode}`}, ${coding}`,
    `  ${bytes} bytes, ${bpp.toFixed(4)} bpp, CRC ok, bundle ${info.bundle}, tables ${info.tables}`,
  ]
  if (!entropy) return [...lines, '  no such bundle here: entropy not computed']
  const list = (key: keyof ChannelEntropy) => entropy.channels.map((channel) => channel[key].toFixed(2)).join(' ')
  const spent = coded?.channels.map((bits) => bits.toFixed(2)).join(' ')
  return [
    ...lines,
    ...(coded
      ? [
          `  bits per symbol and channel, as coded:      ${spent}; for where anything changed: ${coded.shared.toFixed(0)} bits`,
        ]
      : []),
    `  bundle ${entropy.bundle}: ${entropy.bpp.toFixed(4)} bpp by its static tables`,
    `  bits per symbol and channel, by the tables: ${list('coded')}`,
    `  bits per symbol and channel, of themselves: ${list('own')}`,
  ]
}

/** Where the bits of a file go: keyframes and predicted frames. */
export class Shares {
  private readonly kinds = new Map<Report['kind'], { frames: number; bytes: number; pixels: number }>()

  add({ kind, bytes, info }: Report): void {
    const sum = this.kinds.get(kind) ?? { frames: 0, bytes: 0, pixels: 0 }
    this.kinds.set(kind, {
      frames: sum.frames + 1,
      bytes: sum.bytes + bytes,
      pixels: sum.pixels + info.width * info.height,
    })
  }

  get lines(): string[] {
    const all = [...this.kinds.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    return [...this.kinds].map(([kind, { frames, bytes, pixels }]) => {
      const share = ((100 * bytes) / all).toFixed(0)
      return `${frames} ${kind}: ${bytes} bytes, ${((8 * bytes) / pixels).toFixed(4)} bpp, ${share}% of all`
    })
  }
}
