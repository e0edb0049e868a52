/** A network namespace with one cable to this machine, which can lose packets. */
import { randomInt } from 'node:crypto'
import type { Processes } from './processes.js'
import { NotRun } from './scenario.js'

export class Namespace {
  private constructor(
    private readonly processes: Processes,
    private readonly name: string,
    /** This machine's end: brokers listen here. */
    readonly host: string,
    readonly inside: string,
  ) {}

  /** @throws {NotRun} where that is not allowed */
  static async make(processes: Processes): Promise<Namespace> {
    const tag = randomInt(0x1000000).toString(16).padStart(6, '0')
    const net = `10.213.${randomInt(256)}.${randomInt(64) * 4}`
    const address = (n: number) => net.replace(/\d+$/, (last) => String(Number(last) + n))
    const namespace = new Namespace(processes, `field-${tag}`, address(1), address(2))
    const { name, host, inside } = namespace
    const [outer, inner] = [`bs${tag}o`, `bs${tag}i`]
    try {
      await namespace.ip(`netns add ${name}`)
      await namespace.ip(`link add ${outer} type veth peer name ${inner} netns ${name}`)
      await namespace.ip(`address add ${host}/30 dev ${outer}`)
      await namespace.ip(`link set ${outer} up`)
      await namespace.ip(`-n ${name} address add ${inside}/30 dev ${inner}`)
      await namespace.ip(`-n ${name} link set ${inner} up`)
      await namespace.ip(`-n ${name} link set lo up`)
    } catch (error) {
      await namespace.remove()
      throw new NotRun(`no network namespace: ${(error as Error).message}`)
    }
    return namespace
  }

  command(words: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.name, ...words]
  }

  /** This share of packets is lost, each way; 0 mends the cable, 1 cuts it. */
  async lose(share: number): Promise<void> {
    await this.inThere('iptables', '-F')
    if (share <= 0) return
    const some = share < 1 ? ['-m', 'statistic', '--mode', 'random', '--probability', String(share)] : []
    for (const [chain, device] of [
      ['INPUT', '-i'],
      ['OUTPUT', '-o'],
    ] as const)
      await this.inThere('iptables', '-A', chain, '!', device, 'lo', ...some, '-j', 'DROP')
  }

  async remove(): Promise<void> {
    await this.processes.run('ip', ['netns', 'delete', this.name]).catch(() => {}) // the cable goes with it
  }

  private async inThere(...words: string[]): Promise<void> {
    const [command, ...args] = this.command(words)
    const { code, err } = await this.processes.run(command!, args)
    if (code !== 0) throw new NotRun(`${words.join(' ')}: ${err.trim()}`)
  }

  private async ip(words: string): Promise<void> {
    const { code, err } = await this.processes.run('ip', words.split(' '))
    if (code !== 0) throw new Error(`ip ${words}: ${err.trim()}`)
  }
}
