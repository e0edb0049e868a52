/**
 * Which message does a broker hang up on? Brokers take messages in order, so it is most likely the first one that was not
 * acknowledged. That one goes alone on the next connection; when the connection ends again and again, it is the one.
 */
export interface Suspect {
  readonly id: number
  readonly part: number
  readonly topic: string
  readonly bytes: number
}

export interface Verdict {
  /** The topic is what the broker does not like, as far as is known. */
  readonly kind: 'topic' | 'message'
  readonly suspect: Suspect
}

/** Ends of the connection with a message under way before its topic is held. */
const TOPIC_STRIKES = 3
/** Before the message itself is given up, others of the topic having been taken. */
const MESSAGE_STRIKES = 5
/** A broker that gives a reason in its DISCONNECT is believed sooner. */
const STRIKES_WITH_REASON = 2
const MOST_REMEMBERED = 1000
const TOO_LARGE = 0x95

export class Suspects {
  current: Suspect | undefined
  private readonly strikes = new Map<string, number>()

  /** The broker hung up while this was the first message under way. */
  strike(suspect: Suspect, reason?: number): Verdict | undefined {
    const key = keyOf(suspect)
    const strikes = (this.strikes.get(key) ?? 0) + 1
    this.strikes.delete(key)
    this.strikes.set(key, strikes)
    if (this.strikes.size > MOST_REMEMBERED) this.strikes.delete(this.strikes.keys().next().value!)
    this.current = suspect
    if (reason === TOO_LARGE && strikes >= STRIKES_WITH_REASON) return this.verdict('message', suspect)
    if (strikes >= MESSAGE_STRIKES) return this.verdict('message', suspect)
    const enough = reason === undefined ? TOPIC_STRIKES : STRIKES_WITH_REASON
    return strikes === enough ? this.verdict('topic', suspect) : undefined
  }

  taken(suspect: Suspect): void {
    if (this.strikes.size > 0) this.strikes.delete(keyOf(suspect))
    if (this.current && keyOf(this.current) === keyOf(suspect)) this.current = undefined
  }

  /** Is to go alone, and not to find out about its topic. */
  isSuspect(suspect: Suspect): boolean {
    return this.strikes.size > 0 && this.strikes.has(keyOf(suspect))
  }

  private verdict(kind: Verdict['kind'], suspect: Suspect): Verdict {
    this.current = undefined
    if (kind === 'message') this.strikes.delete(keyOf(suspect))
    return { kind, suspect }
  }
}

const keyOf = ({ id, part }: Suspect) => `${id}/${part}`
