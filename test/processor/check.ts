/**
 * The golden streams decoded and encoded again, as lines that are the same on every processor. Imports nothing but codec/ and
 * samples, so that it also runs in a browser; what differs between machines is passed in.
 */
import {
  type Coding,
  Decoder,
  Encoder,
  Packer,
  packFrame,
  packSegment,
  readArchive,
  readContextModel,
  StaticCoder,
  type StaticTables,
} from '../../codec/index.js'
import { info, tables } from '../codec/samples.js'

export interface Platform {
  /** A file of the repository. */
  read(path: string): Promise<Uint8Array>
  sha256(bytes: Uint8Array): Promise<string>
}

const BUNDLE = 'models/bundles/lean-1'
const FIXTURES = 'test/fixtures/codec'

/** Decoded, and encoded again into the same bytes. @returns name, frames, hash of the symbols, hash of the stream */
async function checkStream(name: string, stream: Uint8Array, coding: Coding, sha256: Platform['sha256']) {
  const decoder = new Decoder(coding)
  const fixed = new StaticCoder(coding.tables)
  const packer = new Packer(coding.contextHash)
  let encoder: Encoder | undefined
  let open: { readonly frames: number; readonly records: Uint8Array[] } | undefined
  const symbols: Uint8Array[] = []
  const parts: Uint8Array[] = []
  for (const piece of readArchive(stream)) {
    if (piece.kind === 'damage') throw piece.error
    if (piece.kind === 'index') {
      open = { frames: piece.index.frames.length, records: [] }
      continue
    }
    const { symbols: now, frame, key } = decoder.decode(piece)
    symbols.push(now)
    encoder ??= new Encoder(piece.profile!, coding, { height: frame.height / 8, width: frame.width / 8 })
    const record =
      piece.version === 1 ? packFrame(frame, fixed.encode(now)) : packer.pack(frame, encoder.encode(now, { key }))
    if (open) open.records.push(record)
    else parts.push(record)
    if (open?.records.length !== open?.frames) continue
    if (open) parts.push(packSegment(open.records))
    open = undefined
  }
  const hash = await sha256(join(parts))
  if (hash !== (await sha256(stream))) throw new Error(`${name}: the stream encoded here is another one`)
  return `${name} ${symbols.length} ${await sha256(join(symbols))} ${hash}`
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
  const json = async (path: string): Promise<StaticTables> => JSON.parse(new TextDecoder().decode(await read(path)))
  const context = await read(`${BUNDLE}/context.bin`)
  const bundle: Coding = {
    tables: await json(`${BUNDLE}/entropy.json`),
    tablesHash: (await sha256(await read(`${BUNDLE}/entropy.json`))).slice(0, 16),
    model: readContextModel(context),
    contextHash: (await sha256(context)).slice(0, 16),
  }
  const small: Coding = {
    tables,
    tablesHash: info.tables,
    model: readContextModel(await read(`${FIXTURES}/context-v1.bin`)),
    contextHash: '00112233445566aa',
  }
  const version1: Coding = { ...small, tables: await json(`${FIXTURES}/static-v1.entropy.json`) }
  const golden: [string, Coding][] = [
    ['record-v1', small],
    ['static-v1', version1],
    ['segments-static-v2', small],
    ['segments-fast-v2', small],
    ['segments-max-v2', small],
    ['lean-1-fast-v2', bundle],
    ['lean-1-max-v2', bundle],
  ]
  const lines: string[] = []
  for (const [name, coding] of golden)
    lines.push(await checkStream(name, await read(`${FIXTURES}/${name}.bin`), coding, sha256))
  for (const clip of clips) lines.push(await checkStream(clip.replace(/.*\//, ''), await read(clip), bundle, sha256))
  return lines
}
