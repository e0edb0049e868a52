/** Browsers that follow what comes: so many at once, each written down before it sees anything, and once more when it is over. */
import type { Writable } from 'node:stream'
import { LiveReader } from './api/live.js'
import type { Looker } from './api/routes.js'
import { TooBusy } from './api/turns.js'
import type { ViewSource } from './source.js'

export const MOST_READERS = 32

export class LiveViews {
  private readonly running = new Set<() => void>()
  /** Lines that are being written of views that are over. */
  private readonly ends = new Set<Promise<void>>()
  private places = 0

  constructor(
    private readonly source: ViewSource,
    /** Gets what can be told to nobody: the browser is gone. */
    private readonly log: (text: string) => void,
    private readonly now = () => new Date(),
  ) {}

  /** @param head answers that it may begin. @throws {TooBusy} @throws what the record of views says */
  async begin(looker: Looker, pictures: ReadonlySet<string>, out: Writable, head: () => void): Promise<void> {
    if (this.places >= MOST_READERS) throw new TooBusy(`${MOST_READERS} pages look at once, that is all: close one`)
    this.places++
    const from = this.now().toISOString()
    const written = await Promise.allSettled(
      [...pictures].map(async (camera) => {
        await this.source.audit({ ...lineOf(looker, camera), ts: from, from })
        return camera
      }),
    )
    const cameras = written.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const refused = written.find((one) => one.status === 'rejected')
    if (refused || out.destroyed) {
      this.leave(looker, cameras, from)
      if (refused) throw refused.reason
      return
    }
    head()
    const reader = new LiveReader(out)
    const leaveSource = this.source.live(pictures, (message) => reader.hear(message))
    const over = () => {
      if (!this.running.delete(over)) return
      leaveSource()
      reader.end()
      this.leave(looker, cameras, from)
    }
    this.running.add(over)
    out.once('close', over)
  }

  /** Resolves when the ends of all are written down. */
  async stop(): Promise<void> {
    for (const over of this.running) over()
    await Promise.all(this.ends)
  }

  private leave(looker: Looker, cameras: readonly string[], from: string): void {
    this.places--
    const to = this.now().toISOString()
    for (const camera of cameras) {
      const end = this.source
        .audit({ ...lineOf(looker, camera), ts: to, from, to })
        .catch((error) => this.log(`the end of a view could not be written down: ${(error as Error).message}`))
        .finally(() => this.ends.delete(end))
      this.ends.add(end)
    }
  }
}

function lineOf({ who, address }: Looker, camera: string) {
  const [dev, cam] = camera.split('/')
  return { who, address, what: 'live', dev, cam } as const
}
