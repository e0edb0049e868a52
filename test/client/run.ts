/** Runs a client verb in a process of its own, as the command line does, and keeps what it printed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stdout or stderr has the text. */
  seen(text: string): Promise<void>
}

/** tap's own hooks in child processes would compile and record what runs there. */
const { NODE_OPTIONS: _, ...plainEnv } = process.env

export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  main = join(import.meta.dirname, 'main.js'),
): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: process.cwd(),
    env: { ...plainEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  const waiting: (() => void)[] = []
  const more = () => {
    for (const check of waiting) check()
  }
  child.stdout.on('data', (text) => {
    out += text
    more()
  })
  child.stderr.on('data', (text) => {
    err += text
    more()
  })
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
  const seen = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => (out.includes(text) || err.includes(text)) && resolve()
      waiting.push(check)
      void ended.then(() => reject(new Error(`ended without '${text}': ${out}${err}`)))
      check()
    })
  return { child, ended, seen }
}

export const run = (args: readonly string[], env?: NodeJS.ProcessEnv, main?: string): Promise<Ended> =>
  start(args, env, main).ended
