import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const kept = join(import.meta.dirname, '../.tap/js')

/** The sources import './x.js' as TypeScript asks for; what is there is x.ts. */
export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    try {
      return await next(`${specifier.slice(0, -3)}.ts`, context)
    } catch {}
  }
  return next(specifier, context)
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const file = fileURLToPath(url)
  const text = readFileSync(file, 'utf8')
  const path = join(kept, `${createHash('sha256').update(`${file}\n${text}`).digest('hex').slice(0, 24)}.js`)
  return { format: 'module', shortCircuit: true, source: read(path) ?? transpiled(file, text, path) }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function transpiled(file, text, path) {
  const ts = createRequire(import.meta.url)('typescript')
  const { outputText } = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: true, inlineSourceMap: true },
  })
  mkdirSync(kept, { recursive: true })
  writeFileSync(`${path}.${process.pid}`, outputText)
  renameSync(`${path}.${process.pid}`, path)
  return outputText
}
