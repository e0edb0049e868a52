/** Requests to any box of a broker, over one connection: each box by a requester of its own, all answered on one name. */
import { randomBytes } from 'node:crypto'
import { requestVerbs, Topics } from '../../contract/topics.js'
import type { Message } from '../broker/mqtt.js'
import type { Failure } from '../failure.js'
import { Requester, type Wire } from './requester.js'

/** Boxes that are remembered: a requester is a map and a timer or two. */
const MOST = 10_000

export class Boxes {
  private readonly requesters = new Map<string, Requester>()
  private readonly mine = randomBytes(8).toString('hex')

  constructor(
    private readonly base: string,
    private readonly wire: Wire,
    private readonly timeoutMs?: number,
    /** '+': every box of the broker */
    private readonly device = '+',
  ) {}

  /** Answers to us, and those of boxes without MQTT 5 to everybody. */
  get filters(): string[] {
    const all = new Topics(this.base, this.device).response('+')
    return [`${all}/${this.mine}`, all]
  }

  of(dev: string): Requester {
    let requester = this.requesters.get(dev)
    if (!requester) {
      if (this.requesters.size >= MOST) this.requesters.delete(this.requesters.keys().next().value!)
      requester = new Requester(new Topics(this.base, dev), this.wire, this.timeoutMs, this.mine)
      this.requesters.set(dev, requester)
    }
    return requester
  }

  /** @returns whether it was an answer */
  receive(message: Message): boolean {
    const [dev, branch, verb] = message.topic.slice(`${this.base}/v1/`.length).split('/')
    if (branch !== 'res' || !requestVerbs.some((one) => one === verb)) return false
    this.requesters.get(dev)?.receive(message)
    return true
  }

  /** Nothing more will arrive. */
  abandon(failure: Failure): void {
    for (const requester of this.requesters.values()) requester.abandon(failure)
  }
}
