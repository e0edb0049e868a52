import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { quoted, type Start, typed } from '../../contract/command-line.js'

const dir = t.testdir({
  checkout: { 'tsconfig.json': '', dist: { cli: { 'main.js': '' } } },
  installed: { dist: { cli: { 'main.js': '' } } },
})
const checkout = join(dir, 'checkout')
const main = join(checkout, 'dist', 'cli', 'main.js')
const start = (parts: Partial<Start> = {}): Start => ({ argv: [], cwd: checkout, path: '', root: checkout, ...parts })

t.test('installed, in a checkout, beside one', async (t) => {
  t.equal(typed('status', undefined, start()), 'npx blindsight status')
  t.equal(typed('status', undefined, start({ cwd: join(checkout, 'dist') })), 'npx blindsight status')
  t.equal(typed('status', undefined, start({ cwd: dir })), `node ${main} status`)
  t.equal(typed('status', undefined, start({ root: join(dir, 'installed') })), 'blindsight status')
  const linked = join(dir, 'linked')
  mkdirSync(linked)
  chmodSync(main, 0o755)
  symlinkSync(main, join(linked, 'blindsight'))
  t.equal(typed('status', undefined, start({ path: `/no/such:${linked}` })), 'blindsight status', 'npm link')
  const ofNpx = join(dir, 'node_modules', '.bin')
  mkdirSync(ofNpx, { recursive: true })
  symlinkSync(main, join(ofNpx, 'blindsight'))
  t.equal(typed('status', undefined, start({ path: ofNpx })), 'npx blindsight status', 'as npx starts it')
  const other = join(dir, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'blindsight'), '', { mode: 0o755 })
  t.equal(typed('status', undefined, start({ path: other })), 'npx blindsight status', 'another one is installed too')
})

t.test('with the configuration that is in use, where a verb takes one and would take another', async (t) => {
  const given = (...argv: string[]) => start({ argv })
  t.equal(typed('status', undefined, given('run', '--config', 'my.yaml')), 'npx blindsight status --config my.yaml')
  t.equal(typed('status', undefined, given('run', '--config=my.yaml')), 'npx blindsight status --config my.yaml')
  t.equal(
    typed('bundle use ID', undefined, given('run', '-c', 'a b.yaml')),
    "npx blindsight bundle use ID --config 'a b.yaml'",
  )
  t.equal(typed('status', undefined, given('run', '-c', '/etc/blindsight/config.yaml')), 'npx blindsight status')
  t.equal(
    typed('run', '/etc/blindsight/config.yaml', given()),
    'npx blindsight run --config /etc/blindsight/config.yaml',
  )
  t.equal(typed('doctor', 'my.yaml', given('init')), 'npx blindsight doctor --config my.yaml')
  t.equal(typed('subscribe', 'my.yaml', given('run', '-c', 'my.yaml')), 'npx blindsight subscribe')
  t.equal(typed('bundle sign', undefined, given('run', '-c', 'my.yaml')), 'npx blindsight bundle sign')
})

t.test('words for a shell', async (t) => {
  t.equal(quoted('a/b.yaml'), 'a/b.yaml')
  t.equal(quoted("it's"), `'it'\\''s'`)
  t.equal(quoted(''), "''")
})
