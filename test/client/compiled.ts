/** The client as JavaScript, compiled once per state of the sources: a process that starts on it starts in no time. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
}

const main = `
import { Command } from 'commander'
import { register } from './client/commands.js'
const program = new Command('blindsight').exitOverride((error) => process.exit(error.exitCode && 2))
register(program)
await program.parseAsync()
`

/** Folder with main.js, client/, codec/ and contract/; below the repository, so that packages and bundles are found from it. */
export function compiledClient(): string {
  const files = ['client', 'codec', 'contract'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(part, name)),
  )
  const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
  const hash = createHash('sha256')
    .update(JSON.stringify([main, sources]))
    .digest('hex')
    .slice(0, 16)
  const dir = join(root, '.tap', `client-${hash}`)
  if (existsSync(dir)) return dir
  const part = `${dir}.${process.pid}`
  for (const { file, text } of sources) {
    const target = join(part, file.replace(/ts$/, 'js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, ts.transpileModule(text, { compilerOptions: options }).outputText)
  }
  writeFileSync(join(part, 'main.js'), main)
  try {
    renameSync(part, dir)
  } catch {
    // Another test was faster.
    rmSync(part, { recursive: true, force: true })
  }
  return dir
}
