/**
 * A TCP relay before a broker. Closed, it refuses everybody: a subscriber that speaks to the broker directly can be back
 * before the agent is, so that nothing is acknowledged that nobody was there to receive.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Relay {
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
}
