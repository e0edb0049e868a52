/** A fetched segment, frame by frame. What cannot be decoded ends it, and the rest is shown. */
import { CodecError, type Decoded, type Decoder, type FrameRecord, readArchive } from '../../../../codec/index.js'
import type { FilmInfo } from './protocol.js'

export class Film {
  private readonly records: FrameRecord[] = []
  private readonly faults: string[] = []
  private readonly decoded: Decoded[] = []

  constructor(bytes: Uint8Array) {
    for (const piece of readArchive(bytes)) {
      if (piece.kind === 'damage') this.faults.push(`This segment is damaged: ${piece.error.message}.`)
      else if (piece.kind !== 'index') this.records.push(piece)
    }
  }

  /** Its bundle's hash; undefined: no sound keyframe is in it. */
  get bundle(): string | undefined {
    return this.records.find(({ frame }) => frame)?.frame?.bundle
  }

  /** Decodes all of it: some milliseconds a frame, and what is broken is known before it is shown. */
  info(decoder: Decoder): FilmInfo {
    for (const record of this.records) {
      try {
        this.decoded.push(decoder.decode(record))
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
        const left = this.records.length - this.decoded.length
        this.faults.push(
          `This segment is damaged: ${error.message}; ${left} of ${this.records.length} frames are lost.`,
        )
        break
      }
    }
    const first = this.records[0]?.frame
    return {
      camera: first?.camera ?? '',
      boot: first?.boot ?? '',
      width: first?.width ?? 0,
      height: first?.height ?? 0,
      frames: this.decoded.map(({ frame }) => ({ seq: frame.seq, at: Math.floor(frame.timeUs / 1000) })),
      faults: this.faults,
    }
  }

  frame = (index: number): Decoded | undefined => this.decoded[index]
}
