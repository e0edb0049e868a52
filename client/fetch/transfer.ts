/** One segment fetched block by block: what has arrived is kept when the transfer is cut, and asked for no more. */
import { createHash } from 'node:crypto'
import { BLOCK_BYTES } from '../../contract/messages.js'
import { Failure } from '../failure.js'
import { begunAgain, patiently } from './patience.js'
import type { Answer, Requester } from './requester.js'

const blocksPerRequest = 16

/** A segment is some dozens of kilobytes; what claims to be more than this is no bitstream of ours. */
const mostBytes = 2 ** 28

class Transfer {
  private readonly blocks: Buffer[] = []
  private hash: string | undefined
  private total: number | undefined
  next = 0

  constructor(private readonly ref: string) {}

  request(n: number): { ref: string; segment: true; sha256?: string; off: number; n: number } {
    return { ref: this.ref, segment: true, ...(this.hash !== undefined && { sha256: this.hash }), off: this.next, n }
  }

  get complete(): boolean {
    return this.next === this.total
  }

  /** Repeated blocks are passed over, and so are those after a lost one: they are asked for again in order. */
  add({ ref, off, total, sha256, data }: Answer<'get'>): void {
    this.total ??= total
    this.hash ??= sha256
    const block = Buffer.from(data, 'base64')
    const fits = off + block.length <= total && total <= mostBytes && (block.length > 0 || total === 0)
    if (ref !== this.ref || total !== this.total || sha256 !== this.hash || !fits) {
      throw new Failure('answer', `blocks do not fit together, ${this.ref} at byte ${off}, get it again`)
    }
    if (off !== this.next) return
    this.blocks.push(block)
    this.next += block.length
  }

  /** @throws {Failure} answer */
  whole(): Buffer {
    const bytes = Buffer.concat(this.blocks)
    const hash = createHash('sha256').update(bytes).digest('hex')
    if (hash === this.hash) return bytes
    throw new Failure('answer', `SHA-256 is ${hash}, ${this.ref} should have ${this.hash}, get it again`)
  }
}

/** A segment that grows while it is fetched may have to be begun again: so often. */
const mostBegun = 3

/** The whole segment that the frame is in, as a file, its SHA-256 checked. @throws {Failure} answer */
export const fetchSegment = (requester: Requester, ref: string): Promise<Buffer> =>
  begunAgain('changed', mostBegun, () => fetchOnce(requester, ref))

async function fetchOnce(requester: Requester, ref: string): Promise<Buffer> {
  const transfer = new Transfer(ref)
  let asked = 0
  while (!transfer.complete) {
    await patiently(
      `get ${ref}`,
      () => {
        asked = transfer.next
        const last = asked + blocksPerRequest * BLOCK_BYTES
        let answers = 0
        return requester.ask('get', transfer.request(blocksPerRequest), (answer) => {
          transfer.add(answer)
          return transfer.complete || transfer.next >= last || ++answers === blocksPerRequest
        })
      },
      { progressed: () => transfer.next > asked },
    )
    if (transfer.next === asked && !transfer.complete) {
      throw new Failure('answer', `only other blocks came, ${ref} at byte ${asked}, check the box's version`)
    }
  }
  return transfer.whole()
}
