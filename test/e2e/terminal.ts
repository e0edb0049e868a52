/** The built program at a terminal (util-linux's script makes one): what a person sees and types. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { tool } from '../tool.js'
import { root } from './program.js'
import { until } from './until.js'

export const ENTER = '\r'
export const DOWN = '\x1b[B'
export const CTRL_C = '\x03'

export class Terminal {
  /** All of it, without colours and cursor movements. */
  seen = ''
  private at = 0
  private readonly closed: Promise<unknown>

  private constructor(private readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      this.seen += text.replaceAll(/\x1b\[[0-9;?]*[a-zA-Z]/g, '')
    })
    this.closed = once(child, 'close')
  }

  static start(args: readonly string[], env: NodeJS.ProcessEnv = {}, size = { cols: 120, rows: 50 }): Terminal {
    const { NODE_OPTIONS: _, ...plain } = process.env
    const quoted = [process.execPath, join(root, 'dist', 'cli', 'main.js'), ...args].map((one) => `'${one}'`).join(' ')
    const child = spawn(
      tool('script'),
      ['-qfec', `stty cols ${size.cols} rows ${size.rows}; exec ${quoted}`, '/dev/null'],
      {
        cwd: root,
        env: { ...plain, TERM: 'xterm', ...env, SHELL: '/bin/sh' },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    return new Terminal(child)
  }

  /** Waits until this is asked, after what was answered before, and types. */
  async answer(question: string, keys = ENTER): Promise<void> {
    await until(`'${question}' after:\n${this.seen.slice(this.at)}`, () => this.find(question))
    this.child.stdin!.write(keys)
  }

  /** Waits until it is shown. */
  async shows(text: string): Promise<void> {
    await until(`'${text}' after:\n${this.seen.slice(this.at)}`, () => this.find(text))
  }

  private find(text: string): boolean {
    const found = this.seen.indexOf(text, this.at)
    if (found < 0) {
      if (this.child.exitCode !== null) throw new Error(`ended without '${text}': ${this.seen}`)
      return false
    }
    this.at = found + text.length
    return true
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    await this.closed
    return this.child.exitCode
  }
}
