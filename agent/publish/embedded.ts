/**
 * A broker inside the agent, on the loopback interface only, for boxes and demos without one. The only file that knows aedes.
 * It lives in the agent's process, so every client costs at most what is written here.
 */
import type { EventEmitter } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type Client } from 'aedes'

export interface EmbeddedBroker {
  readonly url: string
  /** Whether it has the port that was asked for. */
  readonly asAsked: boolean
  /** Connected now. */
  readonly clients: number
  stop(): Promise<void>
}

export interface EmbeddedLimits {
  readonly maxClients: number
  /** From the connection to the end of CONNECT. */
  readonly connectMs: number
  /** A client that takes nothing of what waits for it, or acknowledges nothing of what it was sent, for so long is thrown out. */
  readonly stalledMs: number
  /** What may wait for one client; nobody else waits until then. */
  readonly maxWaitingBytes: number
  readonly maxPacketBytes: number
  /** Messages a second that one client may publish; what is more waits in its socket. */
  readonly maxPerSecond: number
  readonly maxRetained: number
}

const LIMITS: EmbeddedLimits = {
  maxClients: 64,
  connectMs: 5000,
  stalledMs: 10_000,
  maxWaitingBytes: 4e6,
  maxPacketBytes: 4e6,
  maxPerSecond: 2000,
  maxRetained: 1000,
}
const LOOK_MS = 500

/** Listens on the port, or on a free one when it is taken. @throws the system's error when the port is not allowed */
export async function startEmbeddedBroker(port: number, wanted: Partial<EmbeddedLimits> = {}): Promise<EmbeddedBroker> {
  const limits = { ...LIMITS, ...wanted }
  const guests = new Map<Client, Guest>()
  const retained = new Set<string>()
  const aedes = await Aedes.createBroker({
    // Unbounded, so that one slow client does not hold up the others; what waits for it is bounded below.
    concurrency: 0,
    connectTimeout: limits.connectMs,
    drainTimeout: limits.stalledMs,
    // A session that outlives its connection would queue without bound for who never comes back.
    preConnect(_client, packet, done) {
      packet.clean = true
      done(null, true)
    },
    authorizePublish(client, packet, done) {
      if (packet.topic.startsWith('$SYS/')) return done(new Error('$SYS/ is reserved'))
      if (packet.retain) {
        const clears = packet.payload.length === 0
        if (clears) retained.delete(packet.topic)
        else if (retained.size < limits.maxRetained || retained.has(packet.topic)) retained.add(packet.topic)
        else packet.retain = false
      }
      const wait = client ? (guests.get(client)?.published(limits.maxPerSecond) ?? 0) : 0
      if (wait > 0) setTimeout(() => done(null), wait)
      else done(null)
    },
    authorizeForward(client, packet) {
      if (packet.qos > 0) guests.get(client)?.sent()
      return packet
    },
  })
  aedes.on('ack', (_packet, client) => guests.get(client)?.acknowledged())
  const errors: EventEmitter = aedes
  errors.on('error', () => {}) // of one client's packet; that client is gone already
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // aedes lets everybody wait for a client whose buffer is full. Only this side of the buffer: what is read comes in small pieces.
    const { _writableState: state } = socket as unknown as { _writableState: { highWaterMark: number } }
    state.highWaterMark = limits.maxWaitingBytes
    const client = aedes.handle(socket)
    guests.set(client, new Guest(client, socket))
    limitPackets(client, socket, limits.maxPacketBytes)
    socket.on('close', () => {
      sockets.delete(socket)
      guests.delete(client)
    })
  })
  server.maxConnections = limits.maxClients
  const look = setInterval(() => {
    for (const [, guest] of guests) guest.look(limits)
  }, LOOK_MS)
  const close = async () => {
    clearInterval(look)
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
  }
  let actual: number
  try {
    actual = await listen(server, port).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      return listen(server, 0)
    })
  } catch (error) {
    await close()
    throw error
  }
  return {
    url: `mqtt://127.0.0.1:${actual}`,
    asAsked: port === 0 || actual === port,
    get clients() {
      return sockets.size
    },
    async stop() {
      await close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A client, as far as it could become a burden. Time is counted in looks, so that a busy spell of the agent itself is not held against it. */
class Guest {
  private taken = 0
  private looksUntaken = 0
  private unacknowledged = 0
  private looksUnheard = 0
  private allowance = 0
  private allowedAt = 0

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {}

  sent(): void {
    this.unacknowledged++
  }

  acknowledged(): void {
    this.looksUnheard = 0
    if (this.unacknowledged > 0) this.unacknowledged--
  }

  /** @returns how long this message has to wait, milliseconds */
  published(perSecond: number): number {
    const now = performance.now()
    this.allowance = Math.min(perSecond, this.allowance + ((now - this.allowedAt) / 1000) * perSecond)
    this.allowedAt = now
    this.allowance--
    return this.allowance >= 0 ? 0 : (-this.allowance / perSecond) * 1000
  }

  look({ stalledMs, maxWaitingBytes }: EmbeddedLimits): void {
    const most = stalledMs / LOOK_MS
    const { bytesWritten, writableLength } = this.socket
    const taken = bytesWritten - writableLength
    this.looksUntaken = taken !== this.taken || writableLength === 0 ? 0 : this.looksUntaken + 1
    this.taken = taken
    // Only who subscribed with QoS 1 alone has to acknowledge all that it is sent.
    this.looksUnheard = this.unacknowledged > 0 && this.acknowledgesAll() ? this.looksUnheard + 1 : 0
    if (writableLength > maxWaitingBytes || this.looksUntaken > most || this.looksUnheard > most) this.socket.destroy()
  }

  private acknowledgesAll(): boolean {
    const { subscriptions } = this.client as unknown as { subscriptions: Record<string, { qos: number }> }
    const all = Object.values(subscriptions)
    return all.length > 0 && all.every(({ qos }) => qos > 0)
  }
}

/** aedes takes packets of any size; its parser tells how much of one it has gathered. */
function limitPackets(client: Client, socket: Socket, maxBytes: number): void {
  const { _parser: parser } = client as unknown as { _parser: { parse(bytes: Buffer): number } }
  const parse = parser.parse.bind(parser)
  parser.parse = (bytes) => {
    const gathered = parse(bytes)
    if (gathered > maxBytes) socket.destroy()
    return gathered
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as { port: number }).port)
    })
  })
}
