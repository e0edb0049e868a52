/** The newest of what the broker has, by camera and run: who keeps everything knows by that what never reached them. */
import type { ResultKind } from '../../contract/topics.js'
import type { StoredFrame } from '../outbox.js'

/** Highest seq of each kind; one that is absent has none. */
export type Newest = Partial<Record<Exclude<ResultKind, 'evt'>, number>>

export class Acknowledged {
  private readonly runs = new Map<string, Newest>()

  /** A message of the frame has been acknowledged. Events have no numbers of their own. */
  note({ cam, boot, seq }: Pick<StoredFrame, 'cam' | 'boot' | 'seq'>, kind: ResultKind): void {
    if (kind === 'evt') return
    const known = this.runs.get(`${cam}/${boot}`) ?? {}
    this.runs.set(`${cam}/${boot}`, { ...known, [kind]: Math.max(seq, known[kind] ?? 0) })
  }

  /** @returns undefined: nothing since the agent started */
  of(cam: string, boot: string): Newest | undefined {
    return this.runs.get(`${cam}/${boot}`)
  }
}
