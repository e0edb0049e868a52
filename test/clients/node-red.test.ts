/** The flow: every wire leads somewhere, topics are those of boxes, expressions find what the schemas have. */
import { readFileSync } from 'node:fs'
import jsonata from 'jsonata'
import t from 'tap'
import { DeviceStateMessage, EventMessage } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { eventMessage } from '../client/box.js'

interface Node {
  readonly id: string
  readonly type: string
  readonly topic?: string
  readonly z?: string
  readonly broker?: string
  readonly wires?: readonly string[][]
  readonly property?: string
  readonly propertyType?: string
  readonly rules?: readonly { readonly to?: string; readonly tot?: string; readonly v?: string }[]
  readonly outputs?: number
}

const nodes: Node[] = JSON.parse(readFileSync('clients/node-red/events.json', 'utf8'))
const byId = new Map(nodes.map((node) => [node.id, node]))
const topics = new Topics('blindsight', '+')
const ts = '2026-05-01T08:00:00.000Z'
const messages: Record<string, { topic: string; payload: object }> = {
  [topics.result('evt', '+')]: {
    topic: new Topics('blindsight', 'gate-1').result('evt', 'street'),
    payload: { ...eventMessage('street-1', 'start', 3), since: '2026-05-01T21:00:00.000Z' },
  },
  [topics.state()]: {
    topic: new Topics('blindsight', 'gate-1').state(),
    payload: { v: 1, state: 'offline', session: 's', ts, reason: 'no power' },
  },
}

/** What a node is reached with. */
function inputs(id: string, seen = new Set<string>()): string[] {
  if (seen.has(id)) return []
  seen.add(id)
  return nodes.flatMap((node) => {
    if (!node.wires?.flat().includes(id)) return []
    return node.type === 'mqtt in' ? [node.topic!] : inputs(node.id, seen)
  })
}

t.test('wires, brokers and topics', async (t) => {
  t.equal(byId.size, nodes.length, 'no id twice')
  for (const node of nodes) {
    for (const to of node.wires?.flat() ?? []) t.ok(byId.has(to), `${node.id} to ${to}`)
    if (node.type === 'switch') t.equal(node.wires?.length, node.outputs, node.id)
    if (node.type !== 'mqtt in') continue
    t.equal(byId.get(node.broker!)?.type, 'mqtt-broker')
    t.ok(messages[node.topic!], `${node.topic}`)
  }
  t.strictSame(
    nodes.flatMap(({ type, topic }) => (type === 'mqtt in' ? [topic] : [])).sort(),
    Object.keys(messages).sort(),
  )
})

t.test('the messages it is tried with are sound', async () => {
  EventMessage.parse(messages[topics.result('evt', '+')].payload)
  DeviceStateMessage.parse(messages[topics.state()].payload)
})

t.test('what expressions and paths find', async (t) => {
  let count = 0
  for (const node of nodes) {
    const expressions = (node.rules ?? []).flatMap(({ to, tot }) => (tot === 'jsonata' ? [to!] : []))
    if (node.propertyType === 'jsonata') expressions.push(node.property!)
    const paths = node.propertyType === 'msg' ? [node.property!] : []
    for (const topic of new Set(inputs(node.id))) {
      for (const text of [...expressions, ...paths]) {
        count++
        const found = await jsonata(text).evaluate(messages[topic])
        t.ok(found !== undefined && !/undefined|NaN/.test(String(found)), `${node.id}: ${text} is ${found}`)
        // `&` takes what is not there for nothing: each path by itself must be there.
        for (const [path] of text.matchAll(/payload(?:\.\w+)+/g))
          t.not(await jsonata(path).evaluate(messages[topic]), undefined, `${node.id}: ${path} of ${topic}`)
      }
    }
  }
  t.equal(count, 6)
})

t.test('values that switches compare with are those of the schemas', async (t) => {
  const rules = (id: string) => byId.get(id)!.rules!.map(({ v }) => v!)
  for (const phase of rules('bs-phase')) t.ok(EventMessage.shape.phase.safeParse(phase).success, phase)
  for (const state of rules('bs-away')) t.ok(DeviceStateMessage.shape.state.safeParse(state).success, state)
})
