/**
 * Frames on their way from a camera to the pipeline: room for a moment in which something else takes the processor, and no more. Where it is full the
 * oldest goes: capture never waits for inference, and what is processed is never stale. A file read at full pace uses `putWaiting` instead, which drops nothing.
 */

/** A camera of 5 frames/s may be kept waiting for half a second. */
export const SLOT_FRAMES = 3

export class Slot<T> {
  private items: T[] = []
  private emptied: (() => void) | undefined

  constructor(private readonly filled: () => void) {}

  /** @returns the frame that had to go, if any */
  put(item: T): T | undefined {
    const old = this.items.length === SLOT_FRAMES ? this.items.shift() : undefined
    this.items.push(item)
    this.filled()
    return old
  }

  async putWaiting(item: T): Promise<void> {
    while (this.items.length > 0) {
      await new Promise<void>((resolve) => {
        this.emptied = resolve
      })
    }
    this.items.push(item)
    this.filled()
  }

  clear(): void {
    this.items = []
  }

  /** The oldest. */
  take(): T | undefined {
    const item = this.items.shift()
    this.emptied?.()
    this.emptied = undefined
    return item
  }
}
