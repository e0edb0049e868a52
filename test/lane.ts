/** A process in which test files run one after the other, by test/worker.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface Outcome {
  /** On stdout and stderr. */
  readonly said: string
  readonly wrong: string | undefined
  /** Seconds of processor time, of this process and of those it has waited for; none where there is no /proc. */
  readonly busy?: number
}

export class Lane {
  private readonly child = spawn(process.execPath, ['--enable-source-maps', join('.tap', 'js', 'test', 'worker.js')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // tap would end a test after 30 s, which a slow machine needs for some; what hangs is ended here.
    env: { ...process.env, TAP_TIMEOUT: '86400' },
  })
  private readonly exit = once(this.child, 'exit')
  private readonly closed = once(this.child, 'close')
  private readonly files: string[] = []
  private said = ''
  private heard = () => {}

  /** @param mostMinutes ends only what hangs, on however slow a machine */
  constructor(private readonly mostMinutes: number) {
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.said += text
        this.heard()
      })
    // Written to a process that has just ended: its end is what counts.
    this.child.stdin.on('error', () => {})
  }

  async run(file: string): Promise<Outcome> {
    const others = this.files.join(' ')
    this.files.push(file)
    this.said = ''
    const before = this.busy()
    const nothing = `# nothing in ${file}\n`
    let hung = false
    const last = setTimeout(() => {
      hung = true
      this.child.kill('SIGKILL')
    }, this.mostMinutes * 60_000)
    const done = new Promise<boolean>((resolve) => {
      this.heard = () => [`# end of ${file}\n`, nothing].some((mark) => this.said.includes(mark)) && resolve(true)
    })
    this.child.stdin.write(`${file}\n`)
    const finished = await Promise.race([done, this.exit.then(() => false)])
    clearTimeout(last)
    const busy = this.busy() - before
    let wrong: string | undefined
    if (hung) wrong = `still running after ${this.mostMinutes} minutes`
    else if (!finished) wrong = (await this.code()) ?? 'ended before it was done'
    else if (this.said.includes(nothing)) wrong = 'no test in it'
    if (wrong) await this.end()
    return { said: this.said, busy, wrong: wrong && others ? `${wrong}; in its process had run ${others}` : wrong }
  }

  /** Fails where what ended well left something that makes the process end badly. */
  async end(): Promise<Outcome> {
    this.child.stdin.end()
    const wrong = await this.code()
    // A process that a test has left behind may hold the output open for ever.
    await Promise.race([this.closed, wait(10_000, undefined, { ref: false })])
    return { said: this.said, wrong: wrong && `${wrong} after ${this.files.join(' ')}` }
  }

  private busy(): number {
    try {
      const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')
      return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0)
    } catch {
      return Number.NaN
    }
  }

  private async code(): Promise<string | undefined> {
    const [code, signal] = await this.exit
    return code === 0 ? undefined : `exit ${code ?? signal}`
  }
}
