/** The bytes of a bitstream file to symbols, frame by frame: what a program needs that makes no pictures. */
import { CodecError, type Damage, type Decoded, Decoder, type FrameRecord, readArchive } from '../../codec/index.js'
import { codingOf } from '../../contract/coding.js'
import type { Bundles } from './bundles.js'

/**
 * In the order of the file. What is damaged goes to `damaged`, and the rest goes on; without it the first damage is thrown.
 * @throws {CodecError} damage; {Failure} input: a bundle is not there; {BundleError}
 */
export function* symbolsOf(
  bytes: Uint8Array,
  bundles: Bundles,
  damaged: (damage: Damage) => void = ({ error }) => {
    throw error
  },
): Generator<Decoded> {
  const decoders = new Map<string, Decoder>()
  let decoder: Decoder | undefined
  for (const piece of readArchive(bytes)) {
    if (piece.kind === 'index') continue
    if (piece.kind === 'damage') {
      damaged(piece)
      continue
    }
    if (piece.frame) {
      decoder = decoders.get(piece.frame.bundle) ?? new Decoder(codingOf(bundles.need(piece.frame)))
      decoders.set(piece.frame.bundle, decoder)
    }
    const decoded = tryDecode(decoder!, piece)
    if ('symbols' in decoded) yield decoded
    else damaged(decoded)
  }
}

function tryDecode(decoder: Decoder, record: FrameRecord): Decoded | Damage {
  try {
    return decoder.decode(record)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return { kind: 'damage', offset: record.offset, end: record.offset + record.length, error }
  }
}
