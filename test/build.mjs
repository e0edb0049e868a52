/**
 * Lays the sources and tests as JavaScript under .tap/js, in the same folders, with links to all that is no TypeScript, so
 * that a test runs as plain JavaScript: what tap and tsx do while loading costs half a second in each of a hundred files.
 * Types are not checked (npm run typecheck). Only what has changed is written again.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = dirname(import.meta.dirname)
const out = join(root, '.tap', 'js')
const compiled = ['agent', 'cli', 'client', 'codec', 'contract', 'models', 'packaging', 'test']
/** Folders without TypeScript, some of them large. */
const asTheyAre = new Set(['bundles', 'runs', 'fixtures', '__pycache__'])
const left = new Set(['.git', '.tap', 'node_modules'])

mkdirSync(out, { recursive: true })
const names = readdirSync(root).filter((name) => !left.has(name))
clean(out, new Set(names))
for (const name of names) {
  if (compiled.includes(name)) lay(join(root, name), join(out, name))
  else link(join(root, name), join(out, name))
}

function lay(from, to) {
  // What is a folder with TypeScript now may have been a link: through that, the sources would be written.
  if (lstatSync(to, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(to)
  mkdirSync(to, { recursive: true })
  const entries = readdirSync(from, { withFileTypes: true })
  clean(to, new Set(entries.map(({ name }) => builtName(name))))
  for (const entry of entries) {
    const source = join(from, entry.name)
    if (entry.isDirectory() && !asTheyAre.has(entry.name)) lay(source, join(to, entry.name))
    else if (builtName(entry.name) !== entry.name) transpile(source, join(to, builtName(entry.name)))
    else link(source, join(to, entry.name))
  }
}

function builtName(name) {
  return name.replace(/\.tsx?$/, '.js')
}

/** Takes away what has no source any more. */
function clean(folder, kept) {
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name), { recursive: true })
}

function link(from, to) {
  if (lstatSync(to, { throwIfNoEntry: false })?.isSymbolicLink()) return
  rmSync(to, { recursive: true, force: true })
  symlinkSync(relative(dirname(to), from), to)
}

function transpile(source, target) {
  const before = statSync(target, { throwIfNoEntry: false })
  if (before && before.mtimeMs > statSync(source).mtimeMs) return
  const ts = createRequire(import.meta.url)('typescript')
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: {
      target: 'ES2022',
      module: 'ESNext',
      verbatimModuleSyntax: true,
      jsx: 'react-jsx',
      jsxImportSource: 'preact',
      inlineSourceMap: true,
      sourceRoot: pathToFileURL(dirname(source)).href,
    },
  })
  writeFileSync(`${target}.${process.pid}`, outputText)
  renameSync(`${target}.${process.pid}`, target)
}
