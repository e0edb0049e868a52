/** Symbols <-> bitstream: pure, synchronous, no imports from outside this folder. The format is in FORMAT.md. */
export { FORMAT, type Frame, packFrame, readFrame, readFrames } from './container.js'
export { CodecError, type CodecErrorCode } from './errors.js'
export type { FrameInfo } from './info.js'
export { StaticCoder, type StaticTables } from './static.js'
export { decodeSymbols, symbolCount } from './symbols.js'
