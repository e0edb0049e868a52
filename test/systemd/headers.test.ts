import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const WRAP = (hooks: boolean) => `class ObjectWrap {
  ObjectWrap() {
    refs_ = 0;
${hooks ? '    AddCleanupHook();\n' : ''}  }
  virtual ~ObjectWrap() {
${hooks ? '    RemoveCleanupHook();\n' : ''}    persistent().Reset();
  }
  void AddCleanupHook() {
  }
};
`

/** A checkout with the script, and a Node whose headers are these. */
function machine(dir: string, headers: Record<string, string>): { run: () => string; prefix: string } {
  mkdirSync(join(dir, 'checkout', 'systemd'), { recursive: true })
  cpSync('systemd/headers', join(dir, 'checkout', 'systemd', 'headers'))
  const prefix = join(dir, 'node')
  mkdirSync(join(prefix, 'bin'), { recursive: true })
  const node = join(prefix, 'bin', 'node')
  writeFileSync(
    node,
    `#!/bin/sh\ncase $2 in\n*resolve*) echo ${prefix} ;;\n*modules*) echo 137 ;;\n*) echo v24.19.0 ;;\nesac\n`,
  )
  chmodSync(node, 0o755)
  mkdirSync(join(prefix, 'include', 'node', 'uv'), { recursive: true })
  for (const [name, text] of Object.entries(headers)) writeFileSync(join(prefix, 'include', 'node', name), text)
  const env = { PATH: `${join(prefix, 'bin')}:/usr/bin:/bin` }
  return {
    prefix,
    run: () => execFileSync('sh', [join(dir, 'checkout', 'systemd', 'headers')], { env, encoding: 'utf8' }).trim(),
  }
}
const version = { 'node_version.h': '#define NODE_MODULE_VERSION 137\n' }

t.test('headers that came with Node are used as they are', (t) => {
  const { run, prefix } = machine(t.testdir({}), { ...version, 'node_object_wrap.h': WRAP(false) })
  t.equal(run(), prefix)
  t.end()
})

t.test('the class whose destructor ends Node from 24.19 on is mended in a copy', (t) => {
  const { run, prefix } = machine(t.testdir({}), { ...version, 'node_object_wrap.h': WRAP(true) })
  const folder = run()
  t.match(folder, /\/checkout\/var\/headers-v24\.19\.0$/)
  const include = join(folder, 'include', 'node')
  t.equal(readFileSync(join(include, 'node_object_wrap.h'), 'utf8'), WRAP(false))
  t.equal(readFileSync(join(include, 'node_version.h'), 'utf8'), version['node_version.h'])
  t.ok(existsSync(join(include, 'uv')))
  t.equal(readFileSync(join(prefix, 'include', 'node', 'node_object_wrap.h'), 'utf8'), WRAP(true), "Node's own stay")
  t.equal(run(), folder, 'again: the same')
  t.end()
})

t.test('headers of another Node, or none: nothing, and node-gyp fetches them', (t) => {
  const other = machine(t.testdir({}), { 'node_version.h': '#define NODE_MODULE_VERSION 115\n' })
  t.equal(other.run(), '')
  t.end()
})
