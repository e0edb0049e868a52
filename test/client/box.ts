/** A small box for the client's tests: publishes results and answers requests from a map of bitstreams. */
import { createHash } from 'node:crypto'
import mqtt from 'mqtt'
import type { Described } from '../../contract/messages.js'
import { BLOCK_BYTES } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { boot } from './bundle.js'

export interface Faults {
  /** So many requests are answered with busy first. */
  busy?: number
  /** Of each get only the first n blocks are sent, so that the client has to resume. */
  blocksPerGet?: number
  blockBytes?: number
  /** Answers as a 3.1.1 box: shared topic, transaction. */
  plain?: boolean
  /** Requests are not answered. */
  silent?: boolean
  sha256?: string
}

interface ResultsQuestion {
  readonly cam: string
  readonly boot: string
  readonly from: number
  readonly to: number
  readonly published?: boolean
}

export class Box {
  readonly archive = new Map<string, Uint8Array>()
  readonly events: ReturnType<typeof eventMessage>[] = []
  /** seqs of which it has results: cls alone. */
  readonly results = new Set<number>()
  /** Runs that it knows. */
  readonly boots = new Set([boot])
  /** seqs that it has and has not published. */
  readonly leftOut = new Set<number>()
  /** Of each get: its offset. */
  readonly offsets: number[] = []
  faults: Faults = {}
  private constructor(
    private readonly client: mqtt.MqttClient,
    readonly topics: Topics,
  ) {}

  static async start(url: string, dev = 'gate-1', base = 'blindsight'): Promise<Box> {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 100 })
    const box = new Box(client, new Topics(base, dev))
    client.on('message', (topic, payload, { properties }) => void box.answer(topic, payload, properties ?? {}))
    await client.subscribeAsync(box.topics.request('+'), { qos: 1 })
    return box
  }

  publish(topic: string, payload: unknown, retain = false): Promise<unknown> {
    const bytes = payload instanceof Uint8Array ? Buffer.from(payload) : JSON.stringify(payload)
    return this.client.publishAsync(topic, bytes, { qos: 1, retain })
  }

  /** A classification result on its live or history topic. */
  result(seq: number, hist = false): Promise<unknown> {
    return this.publish(this.topics.result('cls', 'street', hist), classifyResult(seq, hist, this.topics.dev))
  }

  stop = (): Promise<void> => this.client.endAsync(true)

  private async answer(
    topic: string,
    payload: Buffer,
    properties: mqtt.IPublishPacket['properties'] & object,
  ): Promise<void> {
    if (this.faults.silent) return
    const verb = topic.split('/').at(-1)
    const { responseTopic, correlationData } = properties
    const request = JSON.parse(payload.toString())
    const send = (body: object) =>
      this.faults.plain || !responseTopic
        ? this.publish(this.topics.response(verb as 'list'), { ...body, transaction: request.transaction })
        : this.client.publishAsync(responseTopic, JSON.stringify(body), {
            qos: 1,
            properties: correlationData ? { correlationData } : {},
          })
    if (this.faults.busy && this.faults.busy-- > 0) {
      await send({ status: 'error', code: 'busy', message: 'one moment' })
    } else if (verb === 'list') await send(this.list(request))
    else if (verb === 'events') await send(this.eventsOf(request))
    else if (verb === 'describe') await send(this.describe(request))
    else if (verb === 'results') await send(this.resultsOf(request))
    else for (const block of this.blocks(request)) await send(block)
  }

  private eventsOf({ class: of, cursor }: { class?: string; cursor?: string }): object {
    const all = this.events.filter((event) => of === undefined || event.class === of)
    const at = cursor === undefined ? 0 : Number(cursor.split(':')[0])
    const next = at + 1 < all.length ? { cursor: `${at + 1}:x` } : {}
    return { status: 'ok', items: all.slice(at, at + 1), ...next }
  }

  private resultsOf({ from, to, cam, boot: of, published }: ResultsQuestion): object {
    if (!this.boots.has(of)) return { status: 'error', code: 'not_found', message: 'another run' }
    // What lies behind the last one may still come.
    const last = Math.min(to, Math.max(...this.results))
    const seqs = Array.from({ length: Math.max(0, last - from + 1) }, (_, i) => from + i)
    const items = seqs.filter((seq) => this.results.has(seq))
    const spans = (of: readonly number[]) => of.map((seq) => ({ from: seq, to: seq }))
    const gone = spans(seqs.filter((seq) => !this.results.has(seq) && !this.leftOut.has(seq)))
    const left = published && { left: spans(seqs.filter((seq) => this.leftOut.has(seq))) }
    const one = (seq: number) => ({
      seq,
      cls: classifyResult(seq, true, this.topics.dev),
      ...(published && this.archive.has(`${cam}/${of}/${seq}`) && { bits: {} }),
    })
    return { status: 'ok', items: items.map(one), gone, ...left }
  }

  private list({ cursor = '0', event }: { cursor?: string; event?: string }): object {
    const within = this.events.find(({ id }) => id === event)?.bits
    const seqOf = (ref: string) => Number(ref.split('/')[2])
    const items = [...this.archive]
      .filter(([ref]) => !within || (seqOf(ref) >= seqOf(within.first) && seqOf(ref) <= seqOf(within.last)))
      .map(([ref, bytes]) => described(ref, bytes))
    const page = 2
    const next = Number(cursor) + page
    return {
      status: 'ok',
      items: items.slice(Number(cursor), next),
      ...(next < items.length ? { cursor: `${next}` } : {}),
    }
  }

  private describe({ ref }: { ref: string }): object {
    const bytes = this.archive.get(ref)
    if (!bytes) return { status: 'error', code: 'not_found', message: `no ${ref}` }
    return { status: 'ok', item: described(ref, bytes) }
  }

  private *blocks({ ref, off, n }: { ref: string; off: number; n: number }): Generator<object> {
    this.offsets.push(off)
    const bytes = this.archive.get(ref)
    if (!bytes) {
      yield { status: 'error', code: 'not_found', message: `no ${ref}` }
      return
    }
    const { blockBytes = BLOCK_BYTES, blocksPerGet = n } = this.faults
    const sha256 = this.faults.sha256 ?? createHash('sha256').update(bytes).digest('hex')
    for (let i = 0, at = off; i < Math.min(n, blocksPerGet) && at < bytes.length; i++, at += blockBytes) {
      const data = Buffer.from(bytes.subarray(at, at + blockBytes)).toString('base64')
      yield { status: 'ok', ref, off: at, total: bytes.length, sha256, data }
    }
  }
}

function described(ref: string, bytes: Uint8Array): Described {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const fixed = { ts: '2026-05-01T08:00:00Z', fmt: 'blindsight.frame.v1', key: true, model: 'tiny', pinned: false }
  return { ref, bytes: bytes.length, sha256, ...fixed }
}

export const eventMessage = (id: string, phase: 'start' | 'update' | 'end', seq: number, dev = 'gate-1') => {
  const ts = '2026-05-01T08:00:00.000Z'
  const ref = `street/${boot}/${seq}`
  return {
    ...{
      v: 1,
      dev,
      cam: 'street',
      boot,
      seq,
      ts,
      mono_ns: '123',
      clk: 'ok',
      id,
      phase,
      class: 'person',
      label: 'person',
    },
    ...{ zone: 'yard', since: ts, until: '2026-05-01T08:00:12.400Z', peak: { p: 0.9, share: 0.12, ts } },
    ...{ bits: { first: ref, last: ref }, hist: false },
  }
}

export const classifyResult = (seq: number, hist = false, dev = 'gate-1') => ({
  v: 1,
  dev,
  cam: 'street',
  boot,
  seq,
  ts: '2026-05-01T08:00:00.000Z',
  mono_ns: '123',
  clk: 'ok',
  frame: { w: 32, h: 16 },
  model: { id: 'tiny', sha256: 'ab', ep: 'cpu' },
  lat: { shape: [2, 2, 4], bpp: 0.3 },
  bits: {
    ref: `street/${boot}/${seq}`,
    bytes: 70,
    sha256: 'ab',
    fmt: 'blindsight.frame.v1',
    key: true,
    segment: `street/${boot}/${seq}`,
  },
  q: { lat_ms: 20, age_ms: 25, dropped: 0 },
  hist,
  cls: [
    { id: 'n1', label: 'dog', p: 0.2 },
    { id: 'n2', label: 'bus', p: 0.7 },
  ],
})
