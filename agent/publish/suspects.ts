/**
 * Which message does a broker hang up on? Brokers take messages in order, so it is most likely the first one that was not
 * acknowledged. That one goes alone on the next connection; when the connection ends again and again, it is the one.
 *
 * A broker that dies looks the same from here, and one that dies at every start would have it that every message is to blame.
 * So a message is given up only by a broker that takes others: between two ends that speak against it, something was taken.
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
/** Before the message itself is given up, others having been taken in between. */
const MESSAGE_STRIKES = 5
/** A broker that gives a reason in its DISCONNECT is believed sooner. */
const STRIKES_WITH_REASON = 2
const MOST_REMEMBERED = 1000

export class Suspects<S extends Suspect> {
  current: S | undefined
  /** How many messages had been taken when the connection last ended on it. */
  private readonly strikes = new Map<string, { readonly count: number; readonly taken: number }>()
  private takenSoFar = 0

  /** The broker hung up while this was the first message under way. */
  strike(suspect: S, reason?: number): Verdict<S> | undefined {
    const { key } = suspect
    const last = this.strikes.get(key)
    const { count = 0 } = last ?? {}
    const proves = count < TOPIC_STRIKES || reason !== undefined || last?.taken !== this.takenSoFar
    const strikes = proves ? count + 1 : count
    this.strikes.delete(key)
    this.strikes.set(key, { count: strikes, taken: this.takenSoFar })
    if (this.strikes.size > MOST_REMEMBERED) this.strikes.delete(this.strikes.keys().next().value!)
    this.current = suspect
    if (reason === PACKET_TOO_LARGE && strikes >= STRIKES_WITH_REASON) return this.verdict('message', suspect)
    if (strikes >= MESSAGE_STRIKES) return this.verdict('message', suspect)
    const enough = reason === undefined ? TOPIC_STRIKES : STRIKES_WITH_REASON
    // Each time again: while its topic is held, others are taken or not.
    return strikes >= enough ? this.verdict('topic', suspect) : undefined
  }

  taken({ key }: Suspect): void {
    this.takenSoFar++
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
