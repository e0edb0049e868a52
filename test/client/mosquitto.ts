/** A real mosquitto on a random loopback port, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../e2e/until.js'
import { tool } from '../tool.js'

export interface BrokerOptions {
  readonly user?: { readonly name: string; readonly password: string }
  /** Further lines of mosquitto.conf. */
  readonly config?: readonly string[]
}

/** Started as root, mosquitto becomes another user, who cannot read a checkout in root's home or in a folder of mktemp's. */
export const AS_WE_ARE: readonly string[] = process.getuid?.() === 0 ? ['user root'] : []

export class Mosquitto {
  private child: ChildProcess | undefined
  private constructor(
    private readonly dir: string,
    readonly port: number,
  ) {}

  static async start(options: BrokerOptions = {}): Promise<Mosquitto> {
    const dir = mkdtempSync(join(tmpdir(), 'blindsight-mosquitto-'))
    const port = await freePort()
    const anonymous = `allow_anonymous ${options.user ? 'false' : 'true'}`
    const lines = [`listener ${port} 127.0.0.1`, anonymous, ...AS_WE_ARE]
    if (options.user) {
      const file = join(dir, 'passwords')
      writeFileSync(file, '', { mode: 0o644 })
      const { name, password } = options.user
      const [code] = await once(
        spawn(tool('mosquitto_passwd'), ['-b', file, name, password], { stdio: 'ignore' }),
        'exit',
      )
      if (code !== 0) throw new Error('mosquitto_passwd failed')
      lines.push(`password_file ${file}`)
    }
    writeFileSync(join(dir, 'mosquitto.conf'), `${[...lines, ...(options.config ?? [])].join('\n')}\n`, { mode: 0o644 })
    const broker = new Mosquitto(dir, port)
    await broker.up()
    return broker
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  async up(): Promise<void> {
    const child = spawn(tool('mosquitto'), ['-c', join(this.dir, 'mosquitto.conf')], { stdio: 'ignore' })
    this.child = child
    await until(`mosquitto to listen on port ${this.port}`, () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended: exit ${child.exitCode}`)
      return answers(this.port)
    })
  }

  /** SIGSTOP: what is sent still gets into its socket, and nothing is acknowledged any more. */
  hang(): void {
    this.child?.kill('SIGSTOP')
  }

  /** SIGKILL: no goodbye to the clients. */
  async kill(): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
