/** Per bundle: its network and what the entropy decoder needs, fetched once from the viewing server. */
import { type Coding, Decoder, type FrameInfo } from '../../../../codec/index.js'
import { codingOf } from '../../../../contract/coding.js'
import { bundlePart, bundle as describe } from '../api.js'
import { Network } from './network.js'
import type { Painted } from './protocol.js'

export interface Studio {
  readonly network: Network
  readonly coding: Coding
}

const studios = new Map<string, Promise<Studio>>()

/** A bundle that is missing may be copied to its place: asked for again the next time. @throws what is missing, in a sentence */
export function studioOf(hash: string): Promise<Studio> {
  let studio = studios.get(hash)
  if (!studio) {
    studio = open(hash)
    studios.set(hash, studio)
    studio.catch(() => studios.delete(hash))
  }
  return studio
}

async function open(hash: string): Promise<Studio> {
  const { entropy, context } = await describe(hash)
  const model = context === undefined ? undefined : await bundlePart(hash, 'context')
  const coding = codingOf({ entropy, ...(model && context ? { context: { bytes: model, sha256: context } } : {}) })
  return { coding, network: await Network.open(await bundlePart(hash, 'decoder')) }
}

export const decoderOf = ({ coding }: Studio): Decoder => new Decoder(coding)

export function paint({ network }: Studio, frame: FrameInfo, symbols: Uint8Array): Promise<Painted> {
  const { width, height, channels, stride } = frame
  return network.paint(symbols, [1, channels, height / stride, width / stride], width, height)
}
