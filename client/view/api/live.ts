/** One browser that follows what comes, as Server-Sent Events. It is never waited for: what it cannot take is left out. */
import type { Writable } from 'node:stream'
import type { LiveMessage } from '../source.js'

/** Bytes that may wait for a slow reader; more is dropped. */
const MOST_WAITING = 1_000_000
/** A comment now and then keeps proxies from closing a quiet connection, and shows that one is dead. */
const BEAT_MS = 15_000

export class LiveReader {
  dropped = 0
  private readonly beat: NodeJS.Timeout
  /** What must not be missed of what was dropped: cameras and the notice, the last of each. */
  private readonly owed = new Map<string, LiveMessage>()

  constructor(private readonly out: Writable) {
    this.beat = setInterval(() => this.isFull() || this.out.write(': \n\n'), BEAT_MS)
    this.out.on('drain', () => this.payOff())
    this.out.write('retry: 2000\n\n')
  }

  hear(message: LiveMessage): void {
    if (this.out.destroyed) return
    if (!this.isFull()) {
      this.out.write(line(message))
      return
    }
    this.dropped++
    if (message.kind === 'camera') this.owed.set(`${message.camera.dev}/${message.camera.cam}`, message)
    if (message.kind === 'notice') this.owed.set('notice', message)
  }

  end(): void {
    clearInterval(this.beat)
    this.owed.clear()
    this.out.end()
  }

  private isFull = (): boolean => this.out.writableLength > MOST_WAITING

  private payOff(): void {
    for (const [key, message] of this.owed) {
      if (this.isFull() || this.out.destroyed) return
      this.owed.delete(key)
      this.out.write(line(message))
    }
    if (this.dropped === 0) return
    this.out.write(`event: dropped\ndata: ${this.dropped}\n\n`)
    this.dropped = 0
  }
}

export function line(message: LiveMessage): string {
  const { kind, ...rest } = message
  const data = message.kind === 'bits' ? { ...rest, records: Buffer.from(message.records).toString('base64') } : rest
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
}
