/** A real mosquitto on a random loopback port, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

export class Mosquitto {
  private child: ChildProcess | undefined
  private constructor(
    private readonly dir: string,
    readonly port: number,
  ) {}

  static async start(options: BrokerOptions = {}): Promise<Mosquitto> {
    const dir = mkdtempSync(join(tmpdir(), 'blindsight-mosquitto-'))
    // Started as root, mosquitto reads its files as another user.
    chmodSync(dir, 0o755)
    const port = await freePort()
    const lines = [`listener ${port} 127.0.0.1`, `allow_anonymous ${options.user ? 'false' : 'true'}`]
    if (options.user) {
      const file = join(dir, 'passwords')
      writeFileSync(file, '', { mode: 0o644 })
      const { name, password } = options.user
      const [code] = await once(
        spawn(tool('mosquitto_passwd'), ['-b', file, name, password], { stdio: 'ignore' }),
        'exit',
      )
      if (code !== 0) throw new Error('mosquitto_passwd failed')
      chmodSync(file, 0o644)
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
    this.child = spawn(tool('mosquitto'), ['-c', join(this.dir, 'mosquitto.conf')], { stdio: 'ignore' })
    await until(`mosquitto to listen on port ${this.port}`, () => answers(this.port))
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
