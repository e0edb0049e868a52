/**
 * Requests to one box over MQTT and the answers to them. An answer is matched by MQTT 5 correlation data or by the
 * echoed `transaction`; both are always sent, because the box may be connected with 3.1.1 when the client is not.
 */
import { randomBytes } from 'node:crypto'
import { issueText } from '../../contract/issue.js'
import { type ResponseCode, responses } from '../../contract/messages.js'
import type { RequestVerb, Topics } from '../../contract/topics.js'
import type { Message, Reply } from '../broker/mqtt.js'
import { Failure, printable } from '../failure.js'

export type Verb = Extract<RequestVerb, 'list' | 'events' | 'describe' | 'results' | 'get' | 'bundle'>
export type Answer<V extends Verb> = Extract<(typeof responses)[V]['_output'], { status: 'ok' }>

/** The box answered that it cannot. */
export class BoxError extends Error {
  override readonly name = 'BoxError'
  constructor(
    readonly code: ResponseCode,
    message: string,
  ) {
    super(message)
  }
}

/** No answer in time, or no connection to ask over: worth asking again. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

interface Pending {
  readonly verb: Verb
  /** True when the request is answered in full. */
  accept(answer: Answer<Verb>): boolean
  settle(error?: Error): void
  readonly timer: NodeJS.Timeout
}

export interface Wire {
  publish(topic: string, payload: string, reply: Reply): Promise<void>
}

export class Requester {
  private readonly pending = new Map<string, Pending>()
  private abandoned: Failure | undefined

  constructor(
    private readonly topics: Topics,
    private readonly wire: Wire,
    /** Silence after which a request counts as unanswered. */
    private readonly timeoutMs = 10_000,
    /** Where answers go, below the box's response topics. */
    readonly name = randomBytes(8).toString('hex'),
  ) {}

  /** Own response topics, and the shared ones for a box without MQTT 5. */
  get filters(): string[] {
    return [`${this.topics.response('+')}/${this.name}`, this.topics.response('+')]
  }

  /** Hands every answer to `accept` until it returns true. @throws {BoxError | NoAnswer | Failure} */
  ask<V extends Verb>(verb: V, body: object, accept: (answer: Answer<V>) => boolean): Promise<void> {
    if (this.abandoned) return Promise.reject(this.abandoned)
    const transaction = randomBytes(8).toString('hex')
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer)
        this.pending.delete(transaction)
        if (error) reject(error)
        else resolve()
      }
      const timer = setTimeout(
        () => settle(new NoAnswer(`no answer within ${this.timeoutMs / 1000} s`)),
        this.timeoutMs,
      )
      this.pending.set(transaction, { verb, accept: accept as Pending['accept'], settle, timer })
      const reply = { topic: `${this.topics.response(verb)}/${this.name}`, correlation: Buffer.from(transaction) }
      this.wire
        .publish(this.topics.request(verb), JSON.stringify({ ...body, transaction }), reply)
        .catch((error: Error) => settle(new NoAnswer(error.message, { cause: error })))
    })
  }

  /** Fails everything under way and to come: nothing more will arrive. */
  abandon(failure: Failure): void {
    this.abandoned = failure
    for (const { settle } of this.pending.values()) settle(failure)
  }

  /** Answers to others, and late ones, are ignored. */
  receive({ correlation, payload }: Message): void {
    const json = parse(payload)
    const transaction = correlation
      ? Buffer.from(correlation).toString()
      : (json as { transaction?: unknown })?.transaction
    const pending = typeof transaction === 'string' ? this.pending.get(transaction) : undefined
    if (!pending) return
    const answer = responses[pending.verb].safeParse(json)
    if (!answer.success) {
      const what = issueText(answer.error, 'payload')
      pending.settle(new Failure('answer', `answer not understood, ${pending.verb} of ${this.topics.dev}: ${what}`))
    } else if (answer.data.status === 'error') {
      pending.settle(new BoxError(answer.data.code, printable(answer.data.message)))
    } else {
      pending.timer.refresh()
      this.deliver(pending, answer.data)
    }
  }

  private deliver(pending: Pending, answer: Answer<Verb>): void {
    try {
      if (pending.accept(answer)) pending.settle()
    } catch (error) {
      pending.settle(error as Error)
    }
  }
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return undefined
  }
}
