/** Lines to a descriptor (stderr) that neither end the agent nor hold it up: a full disk, a closed pipe, a reader that hangs. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** A slow reader is waited for, so that a burst of lines arrives whole; one that hangs gets this long, once. */
const PATIENCE_MS = 250
const PAUSE_MS = 5

export class Lines {
  /** Lines that could not be written since the last one that could. */
  lost = 0
  /** Told how many were lost, when writing works again. */
  onRecovered: ((lost: number) => void) | undefined
  private readonly fd: number
  private stuck = false
  private torn = false

  constructor(fd = 2) {
    this.fd = nonBlocking(fd)
  }

  /** `line` ends with a line break. */
  write(line: string): void {
    // What a failed write left behind is a line of its own.
    const bytes = Buffer.from(this.torn ? `\n${line}` : line)
    if (!this.put(bytes)) {
      this.lost++
      return
    }
    this.torn = false
    const { lost } = this
    this.lost = 0
    if (lost > 0) this.onRecovered?.(lost)
  }

  private put(bytes: Buffer): boolean {
    let done = 0
    for (let waited = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.fd, bytes, done)
        this.stuck = false
        waited = 0
      } catch (error) {
        const again = (error as NodeJS.ErrnoException).code === 'EAGAIN'
        if (again && !this.stuck && waited < PATIENCE_MS) {
          pause()
          waited += PAUSE_MS
          continue
        }
        this.stuck = again
        this.torn ||= done > 0
        return false
      }
    }
    return true
  }
}

/**
 * A pipe opened anew does not block, and whoever shares the old descriptor keeps theirs as it is. A socket, as the journal's
 * is, cannot be opened anew: Node's own wrapper makes it one that does not block.
 */
function nonBlocking(fd: number): number {
  try {
    const kind = fstatSync(fd)
    if (kind.isFIFO()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    if (kind.isSocket()) new Socket({ fd, readable: false, writable: true }).unref()
    return fd
  } catch {
    return fd
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))
const pause = () => void Atomics.wait(never, 0, 0, PAUSE_MS)
