/** codec/ imports nothing from outside itself: it runs in a browser, and nothing on the box can creep into it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const folder = join(process.cwd(), 'codec')
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const code = (name: string): string =>
  readFileSync(join(folder, name), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')

t.test('every import is of a file of this folder', async (t) => {
  t.ok(sources.includes('index.ts') && sources.length >= 8)
  for (const name of sources) {
    const text = code(name)
    const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"`])(.*?)\1/g)].map((match) => match[2])
    for (const specifier of specifiers) {
      const file = specifier.replace(/^\.\/(.+)\.js$/, '$1.ts')
      t.ok(specifier !== file && sources.includes(file), `${name} imports ${specifier}`)
    }
  }
})

t.test('and no global of one platform is used', async (t) => {
  for (const name of sources) {
    t.notMatch(
      code(name),
      /\b(?:process|Buffer|require|globalThis|window|document|BigInt|setTimeout|TextEncoder)\b/,
      name,
    )
  }
})
