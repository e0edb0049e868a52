/** Runs a client verb, here or in a process of its own, as the command line does, and keeps what it printed. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { register } from '../../client/commands.js'

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

/** What is printed in a verb's course is its own, and nothing else is: tap prints at the same time. */
const verb = new AsyncLocalStorage<{ out: string; err: string }>()
for (const [stream, name] of [
  [process.stdout, 'out'],
  [process.stderr, 'err'],
] as const) {
  const write = stream.write
  stream.write = (...args: unknown[]) => {
    const printed = verb.getStore()
    if (!printed) return Reflect.apply(write, stream, args)
    printed[name] += args[0]
    return true
  }
}

/** In this process: a new one takes longer to load MQTT than most verbs take. A connection that a verb leaves open keeps its file from ending. */
export async function run(args: readonly string[]): Promise<Ended> {
  const printed = { out: '', err: '' }
  const program = new Command('blindsight').exitOverride()
  register(program)
  const before = process.exitCode
  process.exitCode = 0
  try {
    await verb.run(printed, () => program.parseAsync(args, { from: 'user' }))
    return { code: process.exitCode, ...printed }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return { code: error.exitCode && 2, ...printed }
  } finally {
    process.exitCode = before
  }
}
