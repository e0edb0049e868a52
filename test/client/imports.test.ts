import { readdirSync, readFileSync } from 'node:fs'
import { join, normalize, relative } from 'node:path'
import t from 'tap'

const root = process.cwd()
const sources = readdirSync(join(root, 'client'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('client', name))
const imports = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import\(|import )'([^']+)'/g)].map((match) => match[1])

/** Each package may be used by these files alone. */
const adapters: Record<string, (file: string) => boolean> = {
  mqtt: (file) => file === 'client/broker/mqtt.ts',
  'onnxruntime-node': (file) => file === 'client/decode/onnx.ts',
  'better-sqlite3': (file) => file === 'client/store/sqlite.ts',
  pg: (file) => file === 'client/store/postgres.ts',
  kysely: (file) => file.startsWith('client/store/'),
  'prom-client': (file) => file === 'client/collect/figures.ts',
  fastify: (file) => file === 'client/collect/http.ts',
  'fast-png': (file) => file === 'client/decode/png.ts',
  commander: (file) => /command\.ts$|commands\.ts$|broker-flags\.ts$/.test(file),
}

t.test('client imports only itself, codec, contract and the packages of its adapters', (t) => {
  t.ok(sources.length > 20)
  for (const file of sources) {
    for (const name of imports(file)) {
      if (name.startsWith('node:')) continue
      if (name.startsWith('.'))
        t.match(normalize(join(file, '..', name)), /^(client|codec|contract)\//, `${file}: ${name}`)
      else t.ok(adapters[name]?.(file), `${file}: ${name}`)
    }
  }
  t.end()
})

t.test('only client/decode can make pictures', (t) => {
  const decodeDir = join('client', 'decode')
  for (const file of sources.filter((name) => relative(decodeDir, name).startsWith('..'))) {
    t.notMatch(readFileSync(join(root, file), 'utf8'), /decoder\.onnx|'decoder'|onnxruntime/, file)
    const statically = readFileSync(join(root, file), 'utf8').match(/^import (?!type).*\/decode\/.*$/m)
    t.equal(statically, null, `${file} loads decode/ when it is asked to, not before`)
  }
  t.end()
})
