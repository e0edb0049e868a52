/** Symbols <-> bitstream: pure, synchronous, no imports from outside this folder. The format is in FORMAT.md. */
export { type Damage, type IndexPiece, type Piece, readArchive } from './archive.js'
export { FORMAT, type Frame, packFrame, readFrame, readFrames } from './container.js'
export { type Decoded, Decoder } from './decoder.js'
export { type Coded, type Coding, Encoder, Packer, type Shape } from './encoder.js'
export { CodecError, type CodecErrorCode } from './errors.js'
export { type ByteSource, type FoundFrame, findFrame, listSegments, type SegmentInfo, sourceOf } from './find.js'
export type { FrameInfo } from './info.js'
export { type ContextModel, readContextModel } from './model.js'
export {
  FORMAT_2,
  type FrameRecord,
  MAX_SEGMENT,
  NO_CONTEXT,
  PROFILES,
  type Profile,
  packKeyRecord,
  packPredictedRecord,
  type RecordInfo,
  readRecord,
} from './record.js'
export { packSegment, readIndexAt, type SegmentIndex, segmentFile } from './segment.js'
export { StaticCoder, type StaticTables } from './static.js'
export { decodeSymbols, symbolCount } from './symbols.js'
