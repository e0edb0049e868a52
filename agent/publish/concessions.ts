/**
 * Brokers of MQTT 3.1.1 cannot say that they keep nothing or take QoS 0 only: they hang up on the first message. When nothing
 * at all is taken, it is tried without retain, then with QoS 0, then with neither; what works stays for this run.
 */
import type { Wishes } from './mqtt.js'

/** Two losses before a message is taken can happen to anybody. */
const STEPS: readonly Wishes[] = [{}, {}, {}, { retain: false }, { qos: 0 }, { retain: false, qos: 0 }]
const RETAIN_NOT_SUPPORTED = 0x9a
const QOS_NOT_SUPPORTED = 0x9b

export class Concessions {
  wishes: Wishes = {}
  private step = 0
  private anythingTaken = false
  private exhausted = false

  /** One message at a time. */
  get careful(): boolean {
    return this.step > 0
  }

  taken(): void {
    this.anythingTaken = true
    this.step = 0
  }

  /** The broker hung up on a message. @returns whether the next connection is tried with other wishes, so that the message is not to blame yet */
  strike(reason?: number): boolean {
    if (reason === RETAIN_NOT_SUPPORTED && this.wishes.retain !== false) return this.wish({ retain: false })
    if (reason === QOS_NOT_SUPPORTED && this.wishes.qos !== 0) return this.wish({ qos: 0 })
    if (this.anythingTaken || this.exhausted) return false
    this.step++
    this.exhausted = this.step >= STEPS.length
    this.wishes = this.exhausted ? {} : STEPS[this.step]!
    return !this.exhausted
  }

  private wish(more: Wishes): boolean {
    this.wishes = { ...this.wishes, ...more }
    return true
  }
}
