/** Who listens, and for the pictures of which cameras: what comes is told to each. */
import type { LiveMessage } from '../source.js'

interface Listener {
  readonly pictures: ReadonlySet<string>
  hear(message: LiveMessage): void
}

export class Audience {
  private readonly listeners = new Set<Listener>()

  /** @param pictures dev/cam. @returns ends it */
  join(pictures: ReadonlySet<string>, hear: (message: LiveMessage) => void): () => void {
    const listener = { pictures, hear }
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Whether somebody wants its pictures. */
  watches = (camera: string): boolean => [...this.listeners].some(({ pictures }) => pictures.has(camera))

  tell(message: LiveMessage): void {
    for (const { pictures, hear } of this.listeners)
      if (message.kind !== 'bits' || pictures.has(`${message.dev}/${message.cam}`)) hear(message)
  }
}
