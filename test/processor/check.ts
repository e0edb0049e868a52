/**
 * The golden streams decoded and encoded again, as lines that are the same on every processor. Imports nothing but codec/, so
 * that it also runs in a browser; what differs between machines is passed in.
 */
import { type Coding, Decoder, Encoder, Packer, packSegment, readArchive, readContextModel } from '../../codec/index.js'

export interface Platform {
  /** A file of the repository. */
  read(path: string): Promise<Uint8Array>
  sha256(bytes: Uint8Array): Promise<string>
}

const BUNDLE = 'models/bundles/lean-1'
const FIXTURES = 'test/fixtures/codec'

/** A whole clip (clips.ts): decoded, and encoded again with keyframes where they were. */
async function checkClip(
  name: string,
  stream: Uint8Array,
  coding: Coding,
  sha256: Platform['sha256'],
): Promise<string> {
  const decoder = new Decoder(coding)
  const packer = new Packer(coding.contextHash)
  let encoder: Encoder | undefined
  const symbols: Uint8Array[] = []
  const records: Uint8Array[] = []
  for (const piece of readArchive(stream)) {
    if (piece.kind === 'damage') throw piece.error
    if (piece.kind === 'index') continue
    const { symbols: now, frame, key } = decoder.decode(piece)
    encoder ??= new Encoder(piece.profile!, coding, { height: frame.height / 8, width: frame.width / 8 })
    symbols.push(now)
    records.push(packer.pack(frame, encoder.encode(now, { key })))
  }
  return `${name} ${symbols.length} ${await sha256(join(symbols))} ${await sha256(join(records))}`
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** One line a stream: its name, hash of its symbols, hash of the stream as encoded here. @throws on any difference */
export async function check({ read, sha256 }: Platform, clips: readonly string[] = []): Promise<string[]> {
  const lines: string[] = []
  const tables = JSON.parse(new TextDecoder().decode(await read(`${BUNDLE}/entropy.json`)))
  const context = await read(`${BUNDLE}/context.bin`)
  const coding: Coding = {
    tables,
    tablesHash: (await sha256(await read(`${BUNDLE}/entropy.json`))).slice(0, 16),
    model: readContextModel(context),
    contextHash: (await sha256(context)).slice(0, 16),
  }
  for (const profile of ['fast', 'max'] as const) {
    const stream = await read(`${FIXTURES}/lean-1-${profile}-v2.bin`)
    const decoder = new Decoder(coding)
    const encoder = new Encoder(profile, coding, { height: 32, width: 56 })
    const packer = new Packer(coding.contextHash)
    const records: Uint8Array[] = []
    const symbols: number[] = []
    for (const piece of readArchive(stream)) {
      if (piece.kind === 'damage') throw piece.error
      if (piece.kind === 'index') continue
      const decoded = decoder.decode(piece)
      for (const symbol of decoded.symbols) symbols.push(symbol)
      records.push(packer.pack(decoded.frame, encoder.encode(decoded.symbols)))
    }
    const again = packSegment(records)
    const hash = await sha256(again)
    if (hash !== (await sha256(stream))) throw new Error(`${profile}: the stream encoded here is another one`)
    lines.push(`lean-1-${profile}-v2 ${await sha256(Uint8Array.from(symbols))} ${hash}`)
    // The same symbols by the static tables, which have no golden stream of this bundle.
    const fixed = new Encoder('static', coding, { height: 32, width: 56 })
    const { payload } = fixed.encode(Uint8Array.from(symbols.slice(0, 16 * 32 * 56)))
    lines.push(`static ${payload.length} ${await sha256(payload)}`)
  }
  for (const clip of clips) lines.push(await checkClip(clip.replace(/.*\//, ''), await read(clip), coding, sha256))
  return lines
}
