/** A PostgreSQL of its own on a loopback port, from Debian's package, ended with the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { until } from '../../e2e/until.js'
import { freePort } from '../mosquitto.js'

const versions = '/usr/lib/postgresql'

/** The programs of the newest version that is installed. */
function programs(): string {
  const newest = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] : undefined
  if (newest === undefined)
    throw new Error(`no PostgreSQL in ${versions}: apt-get install postgresql (sh .ci/setup --long)`)
  return join(versions, newest, 'bin')
}

/** It refuses to run as root. */
const asRoot = process.getuid?.() === 0
const command = (program: string, args: readonly string[]): [string, string[]] =>
  asRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, [...args]]

export class Postgres {
  private child: ChildProcess | undefined
  private count = 0
  private constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly durable: boolean,
  ) {}

  /** @param durable what is committed is on the disk: figures need that, tests are faster without */
  static async start({ durable = false } = {}): Promise<Postgres> {
    const dir = mkdtempSync(join(tmpdir(), 'blindsight-postgres-'))
    if (asRoot) chownSync(dir, Number(execFileSync('id', ['-u', 'postgres'])), -1)
    const data = ['-D', join(dir, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    execFileSync(...command(join(programs(), 'initdb'), data), { stdio: 'ignore', cwd: dir })
    const server = new Postgres(dir, await freePort(), durable)
    await server.up()
    return server
  }

  /** Of a database that is new. */
  async fresh(): Promise<string> {
    const name = `fleet_${++this.count}`
    await this.ask(`CREATE DATABASE ${name}`)
    return this.url(name)
  }

  url = (database: string): string => `postgres://postgres@127.0.0.1:${this.port}/${database}`

  async ask(statement: string, database = 'postgres'): Promise<pg.QueryResult> {
    const client = new pg.Client(this.url(database))
    await client.connect()
    return client.query(statement).finally(() => client.end())
  }

  async up(): Promise<void> {
    const settings = [
      `fsync=${this.durable ? 'on' : 'off'}`,
      `port=${this.port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.dir}`,
    ]
    const args = ['-D', join(this.dir, 'data'), ...settings.flatMap((setting) => ['-c', setting])]
    this.child = spawn(...command(join(programs(), 'postgres'), args), { stdio: 'ignore', cwd: this.dir })
    await until('PostgreSQL to answer', () =>
      this.ask('SELECT 1').then(
        () => true,
        () => false,
      ),
    )
  }

  /** SIGKILL of the server and all that it has started. */
  async kill(): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    // runuser stands between: the server itself is named in its lock file.
    execFileSync('sh', ['-c', `kill -9 $(head -1 ${join(this.dir, 'data', 'postmaster.pid')})`])
    await ended
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
