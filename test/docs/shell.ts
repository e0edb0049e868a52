/** Shell blocks of the pages: their commands, and why some of them cannot be run by a test. */
import { spawnSync } from 'node:child_process'
import { pages } from './pages.js'

export interface ShellCommand {
  readonly at: string
  /** As it stands, comments included; several lines where one alone is none. */
  readonly text: string
}

/** What cannot be run here, by what it is. A command that none of these fits is run by test/docs/shell.long.ts. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/^(sudo|systemctl|journalctl)\b/, 'would change the machine that tests, or needs its systemd'],
  [/^git clone\b|build-onnxruntime/, 'fetches and builds for hours, on a Jetson'],
  [/^pip install\b/, 'installs; the Python kit has its own tests'],
  [/python3 -c .*dataframe/, 'needs pandas; the Python kit has its own tests'],
  [/^npm pack\b|\bnpm install\b.*\.tgz/, 'test/client/index.long.ts packs and installs'],
  [/^npm test\b/, 'is what runs this'],
  [/^npm run deb\b/, 'takes minutes; test/packaging/deb/build.long.ts does it'],
  [/rtsp:\/\//, 'needs a camera'],
  [/\bfield-2\b/, 'needs new networks; the tests of bundles make them'],
  [/\binit\b(?!.*--yes)/, 'asks a person; test/agent/init has its questions'],
  [/\bstatus --config my\.yaml/, 'asks an agent that the reader has just started; test/agent/status has one'],
  [/postgres:\/\//, 'needs a PostgreSQL; test/client/store and npm run fleet have one'],
  [/mqtts:\/\//, 'needs a broker with certificates; test/e2e/tls.long.ts has one'],
]

export const reasonNotToRun = ({ text }: ShellCommand): string | undefined =>
  notRun.find(([pattern]) => pattern.test(withoutComments(text)))?.[1]

export const shellCommands = (): ShellCommand[] =>
  pages()
    .flatMap(({ blocks }) => blocks)
    .filter(({ language }) => language === 'sh' || language === 'bash')
    .flatMap(({ at, text }) => commandsOf(text).map((command) => ({ at, text: command })))

const withoutComments = (text: string): string => text.replace(/(^|\s)#.*$/gm, '$1')

/** One after the other: lines are put together until bash takes them. */
export function commandsOf(block: string): string[] {
  const commands: string[] = []
  let open = ''
  for (const line of block.split('\n')) {
    open += open ? `\n${line}` : line
    if (!open.trim()) open = ''
    if (!open || !isWhole(open)) continue
    commands.push(open)
    open = ''
  }
  if (open) throw new Error(`bash does not take this: ${open}`)
  return commands
}

/** Most lines are, and need no bash to say so. */
const isWhole = (text: string): boolean =>
  !/(\\|\||&&)\s*(#.*)?$/.test(text) && (!/\b(do|then|if|for|while|case)\b|["'(){}]/.test(text) || accepts(text))
const accepts = (text: string): boolean => spawnSync('bash', ['-n'], { input: text }).status === 0

/** The calls of blindsight within a command: the words of each, without what follows a pipe or comment. */
export function callsOf(text: string): string[][] {
  const bare = withoutComments(text).replaceAll('\\\n', ' ')
  return [...bare.matchAll(/(?:^|[|;&(]\s*|\b(?:sudo|npx) )blindsight ([^|;&\n]*)/gm)].map(([, words]) =>
    (words!.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2')),
  )
}
