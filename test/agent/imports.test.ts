/** The rules of CONTRIBUTING.md, and the privacy promise: from the agent no way leads to a decoder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const root = process.cwd()
const sources = (dir: string) =>
  readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(dir, name))
const agent = sources('agent')
const text = (file: string) => readFileSync(join(root, file), 'utf8')
/** Static and dynamic imports, require, and scripts of worker threads. Types alone load nothing. */
const imports = (file: string): string[] =>
  [
    ...text(file).matchAll(
      /^(?!import type ).*?(?:from |import\(|import |new URL\(|createRequire\(import\.meta\.url\)\()'([^']+)'/gm,
    ),
  ].map((match) => match[1]!)
const resolved = (file: string, name: string) => normalize(join(dirname(file), name)).replace(/\.js$/, '.ts')
const partOf = (file: string) => /^agent\/([^/]+)\//.exec(file)?.[1]

t.test('agent imports itself, codec and contract, never client', async (t) => {
  t.ok(agent.length > 25)
  for (const file of agent)
    for (const name of imports(file).filter((n) => n.startsWith('.')))
      t.match(resolved(file, name), /^(agent|codec|contract)\//, `${file}: ${name}`)
})

t.test('its parts never import each other', async (t) => {
  // The demo is the agent once more with a meter on it; configuration is what every part is made from.
  for (const file of agent.filter((f) => partOf(f) && partOf(f) !== 'demo')) {
    for (const name of imports(file).filter((n) => n.startsWith('.'))) {
      const to = partOf(resolved(file, name))
      t.ok(to === undefined || to === partOf(file) || to === 'config', `${file}: ${name}`)
    }
  }
})

t.test('a package is imported in one file', async (t) => {
  const users = new Map<string, string[]>()
  for (const file of agent)
    for (const name of imports(file).filter((n) => !n.startsWith('.') && !n.startsWith('node:')))
      users.set(name, [...(users.get(name) ?? []), file])
  const known = ['mqtt', 'better-sqlite3', 'onnxruntime-node', 'fluent-ffmpeg', 'unix-dgram', 'zod', '@clack/prompts']
  for (const name of known) t.ok(users.has(name), name)
  for (const [name, files] of users) t.equal(files.length, 1, `${name}: ${files}`)
})

/** Every source that is loaded with these, directly or not. */
function reachable(files: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const visit = (file: string) => {
    if (reached.has(file) || !existsSync(join(root, file))) return
    reached.add(file)
    for (const name of imports(file).filter((n) => n.startsWith('.'))) visit(resolved(file, name))
  }
  for (const file of files) visit(file)
  return reached
}

t.test('nothing that the agent loads, directly or not, can load a decoder', async (t) => {
  const reached = reachable(agent)
  t.ok(reached.has('codec/index.ts') && reached.has('contract/bundle.ts') && reached.has('agent/infer/worker.ts'))
  for (const file of reached) {
    t.notMatch(file, /^client\//)
    // The manifest's reader knows the file's name, to check its hash for whoever may; it opens no network.
    if (file !== 'contract/bundle.ts') t.notMatch(text(file), /decoder\.onnx|'decoder'(?!>)/, file)
  }
  const opens = [...reached].filter((file) => imports(file).includes('onnxruntime-node'))
  t.strictSame(opens, ['agent/infer/onnx.ts'])
})

t.test('from the command line two doors lead to the decoder, and they are shut until someone asks', async (t) => {
  // Pictures are made by client/decode/, and served to be made in a browser by client/view/.
  const inside = (file: string) =>
    file.startsWith('client/decode/') || (file.startsWith('client/view/') && file !== 'client/view/command.ts')
  const reached = [...reachable(sources('cli'))]
  t.ok(reached.includes('agent/commands.ts') && reached.some(inside))
  const doors = reached.filter(
    (file) => !inside(file) && imports(file).some((name) => name.startsWith('.') && inside(resolved(file, name))),
  )
  t.strictSame(doors.sort(), ['client/decode-command.ts', 'client/view/command.ts'])
  for (const door of doors) t.notMatch(text(door), /^import (?!type).*'\.\/(decode\/|view\.js|server\.js|api\/)/m, door)
  for (const file of reached.filter((f) => !inside(f) && f !== 'contract/bundle.ts'))
    t.notMatch(text(file), /decoder\.onnx|'decoder'(?!>)/, file)
  const opens = reached.filter((file) => imports(file).includes('onnxruntime-node'))
  t.strictSame(opens.sort(), ['agent/infer/onnx.ts', 'client/decode/onnx.ts'])
})
