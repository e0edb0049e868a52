/** The package as somebody else's program has it: packed, installed, and the example of docs/how-to/programs.md compiled and run. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { root } from '../e2e/program.js'
import { Box, eventMessage } from './box.js'
import { Mosquitto } from './mosquitto.js'

const run = promisify(execFile)
const example = /```ts\n(.*?)```/s.exec(readFileSync(join(root, 'docs/how-to/programs.md'), 'utf8'))![1]

async function installed(dir: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: root })
  writeFileSync(join(dir, 'package.json'), '{"type": "module"}')
  // Nothing of it that is compiled is asked for here.
  const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...quietly, join(dir, stdout.trim().split('\n').at(-1)!)], { cwd: dir })
  t.ok(lstatSync(join(dir, 'node_modules', 'blindsight')).isDirectory(), 'a copy, and no link into the checkout')
  const types = join(dir, 'node_modules', '@types')
  mkdirSync(types, { recursive: true })
  for (const name of ['@types/node', 'typescript'])
    if (!existsSync(join(dir, 'node_modules', name)))
      symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name))
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
  }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: strict, files: ['example.ts'] }))
  writeFileSync(join(dir, 'example.ts'), example)
  return dir
}

t.test('the example', async (t) => {
  t.ok(example.trimEnd().split('\n').length <= 12)
  const dir = await installed(t.testdir({}))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const compiled = await run(process.execPath, [tsc], { cwd: dir }).catch((error) => error)
  t.equal(compiled.stdout, '', 'types, also of what is behind them')

  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const box = await Box.start(broker.url)
  t.teardown(() => box.stop())
  const stream = readFileSync(join(root, 'test/fixtures/codec/lean-1-fast-v2.bin'))
  const event = eventMessage('street-1', 'end', 4)
  box.archive.set(event.bits.first, stream)
  // Retained, which events never are: there whenever the program begins to listen.
  await box.publish(box.topics.result('evt', 'street'), event, true)
  symlinkSync(join(root, 'models'), join(dir, 'models'))
  const child = spawn(process.execPath, ['example.js', broker.url], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let out = ''
  const ended = once(child, 'close').then(() => '')
  const more = () => Promise.race([once(child.stdout, 'data').then(([text]) => String(text)), ended])
  for (let text = await more(); text; text = out.split('\n').length < 5 ? await more() : '') out += text
  t.match(
    out.split('\n'),
    [0, 1, 2, 3].map(() => /^person \d+ 28672$/),
  )
})
