/** One line for each view: who saw which camera, of when. To stderr, and to a file that is only ever added to. */
import { appendFileSync } from 'node:fs'
import { readArchive } from '../../codec/index.js'
import { isoOf } from '../../contract/time.js'
import { Failure, type FailureCode } from '../failure.js'
import type { Audit } from './source.js'

export class AuditLog {
  /** @throws {Failure} input: nothing is shown that could not be written down */
  constructor(
    private readonly file: string | undefined,
    private readonly print: (line: string) => void,
  ) {
    this.append('', 'input')
  }

  /** @throws {Failure} other: what it is of must not be shown */
  async write(audit: Audit): Promise<void> {
    this.append(`${JSON.stringify(audit)}\n`, 'other')
    const { ts, who, address, what, dev, cam, from, to } = audit
    const times = to === undefined ? `since ${from}` : `${from} to ${to}`
    this.print(`${ts} view by ${who} (${address}): ${dev}/${cam} ${what} ${times}`)
  }

  private append(text: string, code: FailureCode): void {
    if (this.file === undefined) return
    try {
      appendFileSync(this.file, text, { mode: 0o600 })
    } catch (cause) {
      throw new Failure(code, `cannot write the record of views, ${this.file}: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
}

/** Times of the first and last sound record of a file; undefined: there is none. */
export function timesOf(bytes: Uint8Array): { from: string; to: string } | undefined {
  let from: number | undefined
  let to = 0
  for (const piece of readArchive(bytes)) {
    if (piece.kind !== 'key' && piece.kind !== 'predicted') continue
    from ??= piece.timeUs
    to = piece.timeUs
  }
  return from === undefined ? undefined : { from: isoOf(from), to: isoOf(to) }
}
