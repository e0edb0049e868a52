/** A connection to one box's archive for as long as `work` takes. */
import { Topics } from '../../contract/topics.js'
import { Link } from '../broker/link.js'
import type { BrokerSettings } from '../broker/mqtt.js'
import { Requester } from './requester.js'

export interface ArchiveTarget {
  readonly broker: BrokerSettings
  readonly base: string
  readonly device: string
  readonly timeoutMs?: number | undefined
}

/** @throws {Failure} broker, and what `work` throws */
export async function withArchive(
  { broker, base, device, timeoutMs }: ArchiveTarget,
  notice: (text: string) => void,
  work: (requester: Requester, link: Pick<Link, 'maximumPacketSize'>) => Promise<void>,
): Promise<void> {
  const topics = new Topics(base, device)
  const requester: Requester = new Requester(topics, { publish: (...args) => link.publish(...args) }, timeoutMs)
  const link: Link = new Link(broker, requester.filters, {
    message: (message) => requester.receive(message),
    notice,
    ended: (failure) => requester.abandon(failure),
  })
  await link.start()
  try {
    await work(requester, link)
  } finally {
    await link.stop()
  }
}
