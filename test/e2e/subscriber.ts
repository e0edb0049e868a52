/** mosquitto_sub: a subscriber that is not ours. It comes back by itself when the broker does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { tool } from '../tool.js'
import { until } from './until.js'

export interface Message {
  readonly retained: boolean
  readonly topic: string
  readonly contentType: string
  readonly correlation: string
  /** With which it was delivered: no more than the subscription's, 1. */
  readonly qos: number
  readonly payload: Buffer
  readonly at: number
}

export interface SubscriberOptions {
  readonly port: number
  readonly version: '5' | '311'
  readonly filters: readonly string[]
  /** Further arguments of mosquitto_sub. */
  readonly args?: readonly string[]
}

const line = /^([01]) (\S+) (\S*) (\S*) ([012]) ([0-9a-f]*)$/

export class Subscriber {
  readonly messages: Message[] = []
  /** How often the broker has confirmed the subscription. */
  subscribed = 0
  private readonly gone: Promise<unknown>

  private constructor(private readonly child: ChildProcess) {
    this.gone = once(child, 'close')
    createInterface({ input: child.stdout! }).on('line', (text) => this.read(text))
  }

  /** Resolves when the broker has confirmed the subscription. */
  static async start({ port, version, filters, args = [] }: SubscriberOptions): Promise<Subscriber> {
    const topics = filters.flatMap((filter) => ['-t', filter])
    const format = ['-d', '-F', '%r %t %C %D %q %x'] // -d: says when it is subscribed
    const where = ['-V', version, '-h', '127.0.0.1', '-p', String(port), '-q', '1', '-k', '5']
    // stdbuf: on a pipe mosquitto_sub would keep its lines until a block is full.
    const child = spawn(tool('stdbuf'), ['-oL', tool('mosquitto_sub'), ...where, ...format, ...args, ...topics], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const subscriber = new Subscriber(child)
    try {
      await until('mosquitto_sub to be subscribed', () => subscriber.subscribed > 0)
    } catch (error) {
      await subscriber.stop()
      throw error
    }
    return subscriber
  }

  /** SIGSTOP: it stays connected and reads nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP')
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.gone
  }

  on(topic: string | RegExp): Message[] {
    return this.messages.filter((m) => (typeof topic === 'string' ? m.topic === topic : topic.test(m.topic)))
  }

  json(topic: string | RegExp): Record<string, unknown>[] {
    return this.on(topic).map(({ payload }) => JSON.parse(payload.toString()))
  }

  private read(text: string): void {
    if (text.startsWith('Subscribed ')) this.subscribed++
    const [, retained, topic, contentType, correlation, qos, hex] = line.exec(text) ?? []
    if (!topic) return
    const payload = Buffer.from(hex!, 'hex')
    const said = { topic, contentType: contentType!, correlation: correlation!, payload }
    this.messages.push({ ...said, retained: retained === '1', qos: Number(qos), at: performance.now() })
  }
}
