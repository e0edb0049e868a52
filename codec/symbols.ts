/** From a record to its symbols: where the container meets the coder of its mode. */
import type { Frame } from './container.js'
import { CodecError } from './errors.js'
import { type FrameInfo, infoFault, latentSize } from './info.js'
import type { StaticCoder } from './static.js'

const STATIC = 0

/** channels * height/stride * width/stride */
export function symbolCount(info: FrameInfo): number {
  const fault = infoFault(info)
  if (fault !== undefined) throw new CodecError('argument', `symbols cannot be counted: ${fault}`)
  return latentSize(info)
}

/** `coder` must have been built from the tables that `frame.info.tables` names; only their shape can be checked here. */
export function decodeSymbols(coder: StaticCoder, frame: Frame): Uint8Array {
  const { info } = frame
  if (info.mode !== STATIC) {
    throw new CodecError('mode', `coding mode ${info.mode} is not ${STATIC} (static): decode it with a newer release`)
  }
  if (info.channels !== coder.channels || info.levels !== coder.levels) {
    const record = `the record has ${info.channels} channels of ${info.levels} levels`
    const tables = `the tables have ${coder.channels} of ${coder.levels}`
    throw new CodecError('tables', `${record}, ${tables}: use entropy.json ${info.tables} of bundle ${info.bundle}`)
  }
  return coder.decode(frame.payload, symbolCount(info))
}
