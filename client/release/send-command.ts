/** What `bundle send` does around the sending. */
import { readLoose } from '../../contract/bundle-file.js'
import { readTarget } from '../fetch/archive.js'
import { withArchive } from '../fetch/session.js'
import type { BrokerFlags } from '../terminal/broker-flags.js'
import { Progress } from '../terminal/progress.js'
import { printError, printOut } from '../terminal/verb.js'
import { sendBundle } from './send.js'

export interface SendFlags extends BrokerFlags {
  use?: boolean
  timeout: string
}

/** @returns the exit code */
export async function send(path: string, flags: SendFlags): Promise<number> {
  const target = readTarget(flags)
  const loose = await readLoose(path)
  const { id } = loose.manifest
  const said = {
    added: `${id} is on ${flags.device}, checked and tried; not used yet`,
    running: `${id} runs on ${flags.device}`,
    chosen: `${id} is chosen on ${flags.device} and has not shown a frame yet; if it does not start, the one before comes back: look at its health`,
  }
  await withArchive(target, printError, async (requester, link) => {
    const progress = new Progress('kB sent', undefined)
    let rest = 0
    const sent = (bytes: number) => {
      rest += bytes
      progress.tick(Math.floor(rest / 1000))
      rest %= 1000
    }
    const sending = { use: flags.use ?? false, messageBytes: () => link.maximumPacketSize, sent }
    const state = await sendBundle(requester, loose, sending).finally(() => progress.clear())
    printOut(said[state as keyof typeof said] ?? `${id}: ${state}`)
  })
  return 0
}
