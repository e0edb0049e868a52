/**
 * A TCP relay before a broker. Closed, it refuses everybody: a subscriber that speaks to the broker directly can be back
 * before the agent is, so that nothing is acknowledged that nobody was there to receive. It also writes down which results
 * the broker acknowledged: what it then takes into its grave is not lost by the box.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Packet, parser } from '../client/mqtt-packet.js'
import { resultOf } from './listener.js'

export class Relay {
  /** 'dev/cam/boot/seq/kind' */
  readonly acknowledged = new Set<string>()
  private server: Server | undefined
  private readonly sockets = new Set<Socket>()

  private constructor(
    private readonly target: { readonly address: string; readonly port: number },
    readonly address: string,
    readonly port: number,
  ) {}

  static async start(
    target: { readonly address: string; readonly port: number },
    port: number,
    address = '127.0.0.1',
  ): Promise<Relay> {
    const relay = new Relay(target, address, port)
    await relay.open()
    return relay
  }

  get url(): string {
    return `mqtt://${this.address}:${this.port}`
  }

  async open(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.target.port, this.target.address)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
      this.watch(near, far)
    })
    this.server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, this.address, resolve)
    })
  }

  /** Cuts every connection and takes no new one. */
  async close(): Promise<void> {
    const { server } = this
    this.server = undefined
    for (const socket of this.sockets) socket.destroy()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  private watch(near: Socket, far: Socket): void {
    const underWay = new Map<number, string>()
    const sent = parser()
    sent.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') {
        const answers = parser({ protocolVersion: packet.protocolVersion })
        answers.on('packet', ({ cmd, messageId, reasonCode = 0 }) => {
          const key = cmd === 'puback' && reasonCode < 0x80 ? underWay.get(messageId) : undefined
          if (key) this.acknowledged.add(key)
        })
        far.on('data', (bytes) => answers.parse(bytes))
      } else if (packet.cmd === 'publish') {
        const { topic, payload, messageId } = packet
        const found = resultOf({ topic, payload })
        if (found) underWay.set(messageId, `${found.frame}/${found.kind}`)
        else underWay.delete(messageId)
      }
    })
    near.on('data', (bytes) => sent.parse(bytes))
  }
}
