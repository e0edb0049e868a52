/** A command of this program as somebody has to type it, by how this process was started: installed, or in a checkout. */
import { accessSync, constants, existsSync, realpathSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { packageRoot } from './package-root.js'

/** The configuration of a verb that is given none. */
export const USUAL_CONFIG = '/etc/blindsight/config.yaml'

export interface Start {
  readonly argv: readonly string[]
  readonly cwd: string
  /** Folders with commands, as in PATH. */
  readonly path: string
  readonly root: string
}

const TAKES_CONFIG = /^(run|check-config|doctor|status|bundle (add|list|use|remove))\b/
/** These have no usual one. */
const NEEDS_CONFIG = /^(run|check-config)\b/

/** @param words verb and options, with quotes where a shell needs them @param config undefined: the one that this process was given */
export function typed(words: string, config?: string, start: Start = thisStart()): string {
  const file = config ?? configIn(start.argv)
  const named = file !== undefined && TAKES_CONFIG.test(words) && (file !== USUAL_CONFIG || NEEDS_CONFIG.test(words))
  return `${program(start)} ${words}${named ? ` --config ${quoted(file)}` : ''}`
}

/** A word for a shell. */
export const quoted = (word: string): string =>
  /^[\w./:@%+=,~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

const thisStart = (): Start => ({
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  path: process.env.PATH ?? '',
  root: packageRoot(),
})

function configIn(argv: readonly string[]): string | undefined {
  const joined = argv.find((word) => /^(--config=|-c.)/.test(word))
  if (joined !== undefined) return joined.replace(/^(--config=|-c)/, '')
  const at = argv.findIndex((word) => word === '--config' || word === '-c')
  return at < 0 ? undefined : argv[at + 1]
}

/** Packages have no tsconfig.json, and put the command where a shell finds it. */
function program({ cwd, path, root }: Start): string {
  const main = join(root, 'dist', 'cli', 'main.js')
  // npm and npx put folders of their own there, for what they start and nobody else.
  const dirs = path.split(delimiter).filter((dir) => !/node_modules[\\/]\.bin[\\/]?$/.test(dir))
  if (!existsSync(join(root, 'tsconfig.json')) || dirs.some((dir) => leadsTo(dir, main))) return 'blindsight'
  // npx looks in the folder's own package, from any folder below it.
  return relative(root, cwd).startsWith('..') ? `node ${quoted(main)}` : 'npx blindsight'
}

function leadsTo(dir: string, main: string): boolean {
  try {
    const command = join(dir, 'blindsight')
    accessSync(command, constants.X_OK)
    return realpathSync(command) === realpathSync(main)
  } catch {
    return false
  }
}
