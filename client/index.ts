/**
 * blindsight/client: for programs that listen to boxes, fetch from them, read bitstreams and ask a collector's store.
 *
 *     for await (const message of follow({ broker: { url } }))            results and events, each once
 *     withArchive({ broker, base, device }, console.error, async (box) => …)   listArchive(box, query), listEvents(box, query), fetchSegment(box, ref)
 *     for (const { frame, symbols } of symbolsOf(bytes, bundles))         frames of a bitstream file; readArchive: nothing decoded
 *     const store = await openStore('fleet.sqlite')                       events, segments, results, coverage
 *
 * Pictures are not made here: that is the verb `decode`, of the full checkout. docs/how-to/programs.md has an example.
 */
export {
  CodecError,
  type Damage,
  type Decoded,
  Decoder,
  type FrameInfo,
  type FrameRecord,
  type IndexPiece,
  type Piece,
  readArchive,
  readRecord,
} from '../codec/index.js'
export { BundleError } from '../contract/bundle-error.js'
export type { ClassifyResult, Described, EventMessage, SegmentResult } from '../contract/messages.js'
export { decodeRuns } from '../contract/rle.js'
export { Topics } from '../contract/topics.js'
export { Bundles } from './bitstreams/bundles.js'
export { symbolsOf } from './bitstreams/symbols.js'
export type { BrokerSettings } from './broker/mqtt.js'
export { Failure } from './failure.js'
export { type EventItem, listArchive, listEvents, type Query } from './fetch/list.js'
export type { Requester } from './fetch/requester.js'
export { type ArchiveTarget, withArchive } from './fetch/session.js'
export { fetchSegment } from './fetch/transfer.js'
export { type Broker, brokerOf, type FollowOptions, follow } from './listen/follow.js'
export type { Incoming } from './listen/incoming.js'
export type { Gap } from './listen/ledger.js'
export { openStore } from './store/open.js'
export {
  type Coverage,
  type EventQuery,
  type EventRow,
  type Page,
  type ResultRow,
  type SegmentRow,
  type Store,
  StoreError,
  type TimeRange,
} from './store/store.js'
