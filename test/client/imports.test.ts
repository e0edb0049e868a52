import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import t from 'tap'

const root = process.cwd()
const sources = readdirSync(join(root, 'client'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join('client', name))
const imports = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import\(|import )'([^']+)'/g)].map((match) => match[1])

/** Each package may be used by these files alone. */
const adapters: Record<string, (file: string) => boolean> = {
  mqtt: (file) => file === 'client/broker/mqtt.ts',
  'onnxruntime-node': (file) => file === 'client/decode/onnx.ts',
  'better-sqlite3': (file) => file === 'client/store/sqlite.ts',
  '@nats-io/transport-node': (file) => file === 'client/collect/jetstream.ts',
  '@nats-io/jetstream': (file) => file === 'client/collect/jetstream.ts',
  pg: (file) => file === 'client/store/postgres.ts',
  kysely: (file) => file.startsWith('client/store/'),
  '@aws-sdk/client-s3': (file) => file === 'client/collect/s3.ts',
  'prom-client': (file) => file === 'client/collect/figures.ts',
  'fast-png': (file) => file === 'client/decode/png.ts',
  fastify: (file) => file === 'client/view/server.ts' || file === 'client/collect/http.ts',
  '@fastify/static': (file) => file === 'client/view/server.ts',
  'onnxruntime-web/wasm': (file) => file === 'client/view/page/decoder/network.ts',
  mediabunny: (file) => file === 'client/view/page/mp4.ts',
  preact: (file) => file === 'client/view/page/main.tsx',
  'preact/hooks': (file) => file.startsWith('client/view/page/'),
  commander: (file) => /command\.ts$|commands\.ts$|broker-flags\.ts$|bundles-option\.ts$/.test(file),
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

/** Where pictures are made: on the command line, and for a browser. None of it is in the package for the box. */
const makesPictures = (file: string) =>
  /^client\/(decode|view)\//.test(file) && file !== join('client', 'view', 'command.ts')

t.test('only client/decode and client/view can make pictures', (t) => {
  for (const file of sources.filter((name) => !makesPictures(name))) {
    t.notMatch(readFileSync(join(root, file), 'utf8'), /decoder\.onnx|'decoder'|onnxruntime-node/, file)
    const statically = readFileSync(join(root, file), 'utf8').match(/^import (?!type).*(\/decode\/|\/view\.js').*$/m)
    t.equal(statically, null, `${file} loads what makes pictures when it is asked to, not before`)
  }
  t.end()
})

const sourceOf = (built: string): string =>
  [built.replace(/\.js$/, '.ts'), built.replace(/\.js$/, '.tsx')].find((file) => existsSync(join(root, file))) ?? built

t.test('the page imports nothing that needs Node', (t) => {
  const page = join('client', 'view', 'page')
  const visit = (file: string, seen: Set<string>) => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(join(root, file), 'utf8').replace(/^import type [^']*'[^']*'$/gm, '')
    for (const name of [...text.matchAll(/(?:from |import\(|import )'([^']+)'/g)].map((match) => match[1])) {
      t.notOk(name.startsWith('node:'), `${file}: ${name}`)
      if (name.startsWith('.')) visit(sourceOf(join(file, '..', name)), seen)
    }
  }
  const seen = new Set<string>()
  for (const entry of ['main.tsx', join('decoder', 'worker.ts')]) visit(join(page, entry), seen)
  t.ok(seen.size > 20)
  t.end()
})
