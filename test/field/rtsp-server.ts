/**
 * A camera on a wire: an RTSP server for one client at a time or several, whose faults are chosen. H.264 over RTP, over TCP
 * (interleaved) or UDP. Each frame is a keyframe, so any of them may be the first that a client sees.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createSocket, type Socket as Udp } from 'node:dgram'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { accessUnits } from './h264.js'

export interface RtspOptions {
  /** Frames a second that are really sent. */
  fps?: number
  size?: `${number}x${number}`
  /** RTP time stamp (90 kHz, any integer) of the n-th frame of a session, sent `seconds` after its start. */
  stamp?: (n: number, seconds: number) => number
  login?: { user: string; password: string; scheme: 'basic' | 'digest' }
  /** What it does not do: 'describe' answers nothing there; 'play' says OK and sends nothing; a number: silent after so many frames. */
  silentAt?: 'connect' | 'describe' | 'setup' | 'play' | number
  /** Closes the connection after so many frames. */
  closeAfter?: number
  /** Transports that SETUP takes; the other is answered 461. */
  transports?: readonly ('tcp' | 'udp')[]
  /** Answers every DESCRIBE with this status. */
  status?: number
  audioOnly?: boolean
  /** H.264 encoder options beside the defaults. */
  encode?: readonly string[]
  /** A second video, in another size, after so many frames. */
  changes?: { after: number; size: `${number}x${number}` }
}

export interface RtspServer {
  readonly url: string
  readonly port: number
  /** When each frame was sent, by performance.now(). */
  readonly sent: number[]
  /** Requests so far, `DESCRIBE`, `PLAY`, … */
  readonly requests: string[]
  readonly clients: number
  /** Changes what it does from now on. */
  set(options: RtspOptions): void
  close(): Promise<void>
}

const MTU = 1400
const PAYLOAD = 96

export async function startRtspServer(first: RtspOptions = {}, path = '/stream'): Promise<RtspServer> {
  let options = first
  const sent: number[] = []
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const session = new Session(socket, () => options, sent, requests)
    socket.once('close', () => {
      sockets.delete(socket)
      session.stop()
    })
    socket.on('error', () => {})
    socket.on('data', (data) => session.read(data))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const who = options.login
    ? `${encodeURIComponent(options.login.user)}:${encodeURIComponent(options.login.password)}@`
    : ''
  return {
    url: `rtsp://${who}127.0.0.1:${port}${path}`,
    port,
    sent,
    requests,
    get clients() {
      return sockets.size
    },
    set: (next) => {
      options = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

class Session {
  private text = ''
  private readonly nonce = randomBytes(8).toString('hex')
  private transport: { tcp: boolean; channel: number; port: number } | undefined
  private udp: Udp | undefined
  private timer: NodeJS.Timeout | undefined
  private sequence = 0

  constructor(
    private readonly socket: Socket,
    private readonly options: () => RtspOptions,
    private readonly sent: number[],
    private readonly requests: string[],
  ) {}

  read(data: Buffer): void {
    if (data[0] === 0x24) return // the client's RTCP
    this.text += data.toString('latin1')
    for (let end = this.text.indexOf('\r\n\r\n'); end >= 0; end = this.text.indexOf('\r\n\r\n')) {
      const request = this.text.slice(0, end)
      this.text = this.text.slice(end + 4)
      this.answer(request)
    }
  }

  stop(): void {
    clearTimeout(this.timer)
    this.udp?.close()
    this.udp = undefined
  }

  private answer(request: string): void {
    const [line = '', ...rest] = request.split('\r\n')
    const [verb = '', url = ''] = line.split(' ')
    const headers = Object.fromEntries(
      rest.map((h) => [h.slice(0, h.indexOf(':')).toLowerCase(), h.slice(h.indexOf(':') + 1).trim()]),
    )
    const { silentAt, status, login, transports = ['tcp', 'udp'] } = this.options()
    this.requests.push(verb)
    if (silentAt === 'connect' || silentAt === verb.toLowerCase().replace('play', '')) return
    const reply = (code: number, more: string[] = [], body = '') =>
      this.socket.write(
        [
          `RTSP/1.0 ${code} ${REASONS[code] ?? 'Error'}`,
          `CSeq: ${headers.cseq}`,
          ...more,
          ...(body ? [`Content-Length: ${body.length}`] : []),
          '',
          body,
        ].join('\r\n'),
      )
    if (login && verb !== 'OPTIONS' && !this.allowed(verb, url, headers.authorization)) {
      const challenge =
        login.scheme === 'basic' ? 'Basic realm="camera"' : `Digest realm="camera", nonce="${this.nonce}"`
      return void reply(401, [`WWW-Authenticate: ${challenge}`])
    }
    if (verb === 'OPTIONS') return void reply(200, ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER'])
    if (verb === 'DESCRIBE') {
      if (status) return void reply(status)
      return void reply(200, ['Content-Type: application/sdp', `Content-Base: ${url}/`], this.sdp())
    }
    if (verb === 'SETUP') {
      const wanted = headers.transport ?? ''
      const tcp = /TCP/.test(wanted)
      if (!transports.includes(tcp ? 'tcp' : 'udp')) return void reply(461)
      const channel = Number(/interleaved=(\d+)/.exec(wanted)?.[1] ?? 0)
      const port = Number(/client_port=(\d+)/.exec(wanted)?.[1] ?? 0)
      this.transport = { tcp, channel, port }
      const mine = tcp ? wanted : `${wanted};server_port=49998-49999`
      return void reply(200, [`Transport: ${mine}`, 'Session: 1234'])
    }
    if (verb === 'PLAY') {
      reply(200, ['Session: 1234'])
      if (silentAt !== 'play' && !this.options().audioOnly) this.play()
      return
    }
    reply(200, ['Session: 1234'])
    if (verb === 'TEARDOWN') this.socket.end()
  }

  private play(): void {
    const started = performance.now()
    const step = (n: number) => {
      const {
        fps = 10,
        stamp = (_, seconds) => Math.round(seconds * 90_000),
        silentAt,
        closeAfter,
        changes,
        size,
        encode,
      } = this.options()
      if (silentAt === n) return
      if (closeAfter === n) return void this.socket.destroy()
      const units = accessUnits(changes && n >= changes.after ? changes.size : size, encode)
      const seconds = (performance.now() - started) / 1000
      this.sent.push(performance.now())
      this.send(units[n % units.length]!, stamp(n, seconds) >>> 0)
      this.timer = setTimeout(step, Math.max(0, started + ((n + 1) * 1000) / fps - performance.now()), n + 1)
    }
    step(0)
  }

  private send(nals: readonly Buffer[], stamp: number): void {
    for (const [i, nal] of nals.entries()) {
      const last = i === nals.length - 1
      if (nal.length <= MTU) this.packet(nal, stamp, last)
      else {
        for (let at = 1; at < nal.length; at += MTU) {
          const end = at + MTU >= nal.length
          const fu = (at === 1 ? 0x80 : 0) | (end ? 0x40 : 0) | (nal[0]! & 0x1f)
          this.packet(
            Buffer.concat([Buffer.from([(nal[0]! & 0xe0) | 28, fu]), nal.subarray(at, at + MTU)]),
            stamp,
            last && end,
          )
        }
      }
    }
  }

  private packet(payload: Buffer, stamp: number, marker: boolean): void {
    const header = Buffer.alloc(12)
    header[0] = 0x80
    header[1] = (marker ? 0x80 : 0) | PAYLOAD
    header.writeUInt16BE(this.sequence++ & 0xffff, 2)
    header.writeUInt32BE(stamp, 4)
    header.writeUInt32BE(0xb115b115, 8)
    const rtp = Buffer.concat([header, payload])
    const { tcp, channel, port } = this.transport!
    if (tcp) {
      const prefix = Buffer.from([0x24, channel, rtp.length >> 8, rtp.length & 255])
      this.socket.write(Buffer.concat([prefix, rtp]))
    } else {
      this.udp ??= createSocket('udp4')
      this.udp.send(rtp, port, '127.0.0.1')
    }
  }

  private sdp(): string {
    const { audioOnly, size, encode } = this.options()
    if (audioOnly)
      return 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n'
    const first = accessUnits(size, encode)[0]!
    const sets = first.filter((nal) => [7, 8].includes(nal[0]! & 31)).map((nal) => nal.toString('base64'))
    return [
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=camera',
      't=0 0',
      `m=video 0 RTP/AVP ${PAYLOAD}`,
      `a=rtpmap:${PAYLOAD} H264/90000`,
      `a=fmtp:${PAYLOAD} packetization-mode=1;sprop-parameter-sets=${sets.join(',')}`,
      'a=control:track0',
      '',
    ].join('\r\n')
  }

  private allowed(verb: string, url: string, header: string | undefined): boolean {
    const { user, password, scheme } = this.options().login!
    if (!header) return false
    if (scheme === 'basic') return header === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1]
    const ha1 = md5(`${user}:camera:${password}`)
    return field('response') === md5(`${ha1}:${this.nonce}:${md5(`${verb}:${field('uri') ?? url}`)}`)
  }
}

const REASONS: Record<number, string> = {
  200: 'OK',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  453: 'Not Enough Bandwidth',
  461: 'Unsupported Transport',
  503: 'Service Unavailable',
}
const md5 = (text: string) => createHash('md5').update(text).digest('hex')
