/**
 * Which message does a broker hang up on? Brokers take messages in order, so it is most likely the first one that was not
 * acknowledged. That one goes alone on the next connection; when the connection ends again and again, it is the one.
 */
import { PACKET_TOO_LARGE } from './reasons.js'

export interface Suspect {
  /** The same on every connection. */
  readonly key: string
}

export interface Verdict<S extends Suspect> {
  /** The topic is what the broker does not like, as far as is known. */
  readonly kind: 'topic' | 'message'
  readonly suspect: S
}

/** Ends of the connection with a message under way before its topic is held. */
const TOPIC_STRIKES = 3
/** Before the message itself is given up, others of the topic having been taken. */
const MESSAGE_STRIKES = 5
/** A broker that gives a reason in its DISCONNECT is believed sooner. */
const STRIKES_WITH_REASON = 2
const MOST_REMEMBERED = 1000

export class Suspects<S extends Suspect> {
  current: S | undefined
  private readonly strikes = new Map<string, number>()

  /** The broker hung up while this was the first message under way. */
  strike(suspect: S, reason?: number): Verdict<S> | undefined {
    const { key } = suspect
    const strikes = (this.strikes.get(key) ?? 0) + 1
    this.strikes.delete(key)
    this.strikes.set(key, strikes)
    if (this.strikes.size > MOST_REMEMBERED) this.strikes.delete(this.strikes.keys().next().value!)
    this.current = suspect
    if (reason === PACKET_TOO_LARGE && strikes >= STRIKES_WITH_REASON) return this.verdict('message', suspect)
    if (strikes >= MESSAGE_STRIKES) return this.verdict('message', suspect)
    const enough = reason === undefined ? TOPIC_STRIKES : STRIKES_WITH_REASON
    return strikes === enough ? this.verdict('topic', suspect) : undefined
  }

  taken({ key }: Suspect): void {
    if (this.strikes.size > 0) this.strikes.delete(key)
    if (this.current?.key === key) this.current = undefined
  }

  /** Is to go alone, and not to find out about its topic. */
  isSuspect({ key }: Suspect): boolean {
    return this.strikes.size > 0 && this.strikes.has(key)
  }

  private verdict(kind: Verdict<S>['kind'], suspect: S): Verdict<S> {
    this.current = undefined
    if (kind === 'message') this.strikes.delete(suspect.key)
    return { kind, suspect }
  }
}
