/** Cuts the raw RGB byte stream of ffmpeg into frames, whatever the sizes of the pieces it arrives in. */
import { Writable } from 'node:stream'

export interface RawFrame {
  /** uint8 [H,W,3] RGB, in a buffer of its own that may be transferred to another thread. */
  readonly rgb: Uint8Array<ArrayBuffer>
  /** Milliseconds from the frame's first byte on the pipe to its last. */
  readonly captureMs: number
}

/**
 * `deliver` may return a promise: the pipe, and with it ffmpeg, waits until it settles. That is how a file is read
 * without dropping anything. `allocate` gives buffers of one frame's size and may reuse old ones.
 */
export class FrameCutter extends Writable {
  private buffer: Uint8Array<ArrayBuffer> | undefined
  private filled = 0
  private firstByteMs = 0

  constructor(
    private readonly frameBytes: number,
    private readonly allocate: () => Uint8Array<ArrayBuffer>,
    private readonly deliver: (frame: RawFrame) => void | Promise<void>,
  ) {
    // Not closed at its end: fluent-ffmpeg takes a closed sink for a failure if ffmpeg is not gone 20 ms later.
    super({ highWaterMark: 1 << 20, autoDestroy: false })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.consume(chunk).then(() => done(), done)
  }

  private async consume(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (!this.buffer) {
        this.buffer = this.allocate()
        this.filled = 0
        this.firstByteMs = performance.now()
      }
      const take = Math.min(chunk.length - at, this.frameBytes - this.filled)
      this.buffer.set(chunk.subarray(at, at + take), this.filled)
      this.filled += take
      at += take
      if (this.filled < this.frameBytes) continue
      const rgb = this.buffer
      this.buffer = undefined
      await this.deliver({ rgb, captureMs: performance.now() - this.firstByteMs })
    }
  }
}
