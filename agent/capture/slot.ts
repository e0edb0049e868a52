/**
 * One frame's place between a camera and the pipeline. The newest frame wins: capture never waits for inference, and what
 * is processed is never stale. A file read at full pace uses `putWaiting` instead, which drops nothing.
 */
export class Slot<T> {
  private item: T | undefined
  private emptied: (() => void) | undefined

  constructor(private readonly filled: () => void) {}

  /** @returns the frame that had to go, if any */
  put(item: T): T | undefined {
    const old = this.item
    this.item = item
    this.filled()
    return old
  }

  async putWaiting(item: T): Promise<void> {
    while (this.item !== undefined) {
      await new Promise<void>((resolve) => {
        this.emptied = resolve
      })
    }
    this.item = item
    this.filled()
  }

  take(): T | undefined {
    const item = this.item
    this.item = undefined
    this.emptied?.()
    this.emptied = undefined
    return item
  }
}
