/** An MQTT server that answers what a test wants: for limits and refusals that no broker at hand has. It keeps and delivers nothing. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { generate, type Packet, parser } from './mqtt-packet.js'

/** refuse: says so, and hangs up. */
type Answer = number | 'silent' | 'hang_up' | { readonly disconnect: number } | { readonly refuse: number }

export interface Script {
  /** Reason or return code, and the properties of MQTT 5. Default: accepted. */
  connect?(packet: Packet): Answer | { readonly code: number; readonly properties?: object }
  publish?(packet: Packet): Answer
  subscribe?(filter: string): number
}

export class ScriptedBroker {
  readonly connects: Packet[] = []
  readonly published: Packet[] = []
  readonly subscribed: string[] = []
  private readonly sockets = new Set<Socket>()

  private constructor(
    readonly script: Script,
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(script: Script = {}): Promise<ScriptedBroker> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const broker = new ScriptedBroker(script, server, (server.address() as { port: number }).port)
    server.on('connection', (socket) => broker.serve(socket))
    return broker
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  on(topic: string | RegExp): Packet[] {
    return this.published.filter((p) => (typeof topic === 'string' ? p.topic === topic : topic.test(p.topic)))
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => {})
    const packets = parser()
    let protocolVersion = 4
    const send = (packet: object) => socket.write(generate(packet, { protocolVersion }))
    const give = (answer: Answer, positive: (code: number) => void) => {
      if (answer === 'silent') return
      if (answer === 'hang_up') socket.destroy()
      else if (typeof answer === 'number') positive(answer)
      else if ('refuse' in answer) {
        positive(answer.refuse)
        socket.end()
      } else {
        send({ cmd: 'disconnect', reasonCode: answer.disconnect })
        socket.end()
      }
    }
    packets.on('error', () => socket.destroy())
    packets.on('packet', (packet: Packet) => {
      if (socket.destroyed || socket.writableEnded) return
      if (packet.cmd === 'connect') {
        protocolVersion = packet.protocolVersion
        this.connects.push(packet)
        const answer = this.script.connect?.(packet) ?? 0
        const whole = typeof answer === 'object' && 'code' in answer ? answer : undefined
        give(whole ? whole.code : (answer as Answer), (code) => {
          const which = protocolVersion === 5 ? { reasonCode: code } : { returnCode: code }
          send({ cmd: 'connack', ...which, sessionPresent: false, properties: whole?.properties })
          if (code) socket.end()
        })
      } else if (packet.cmd === 'publish') {
        this.published.push({ ...packet, payload: Buffer.from(packet.payload) })
        give(this.script.publish?.(packet) ?? 0, (reasonCode) => {
          if (packet.qos > 0) socket.write(puback(packet.messageId, protocolVersion === 5 ? reasonCode : 0))
        })
      } else if (packet.cmd === 'subscribe') {
        const filters = packet.subscriptions.map(({ topic }: { topic: string }) => topic) as string[]
        this.subscribed.push(...filters)
        send({
          cmd: 'suback',
          messageId: packet.messageId,
          granted: filters.map((f) => this.script.subscribe?.(f) ?? 1),
        })
      } else if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' })
    })
    socket.on('data', (bytes) => packets.parse(bytes))
  }
}

/** By hand: the library refuses to write codes that brokers do send. */
function puback(messageId: number, reasonCode: number): Buffer {
  const id = [messageId >> 8, messageId & 255]
  return reasonCode ? Buffer.from([0x40, 3, ...id, reasonCode]) : Buffer.from([0x40, 2, ...id])
}
