import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { AgentError, ExitCode } from '../../agent/errors.js'
import { type Log, silentLog } from '../../agent/log.js'
import { inPlaceOfUnsigned, Proving } from '../../agent/proving.js'
import { choose, readChoice, writeChoice } from '../../agent/updates/choice.js'
import { keygen, signBundle } from '../../client/release/keys.js'
import { otherBundle } from '../contract/other-bundle.js'

function box(t: Test, camera = {}, more = {}) {
  const stateDir = t.testdir()
  const said: string[] = []
  const log: Log = {
    ...silentLog,
    error: (fields, text) => said.push(`${text}: ${JSON.stringify(fields)}`),
    warn: (_, text) => said.push(text),
  }
  const config = parseConfig(
    JSON.stringify({ stateDir, cameras: [{ id: 'a', source: 'x.mp4', ...camera }], ...more }),
    'c',
  )
  otherBundle(join(stateDir, 'bundles'))
  choose(stateDir, 'field-2')
  return { stateDir, said, config, proving: new Proving(log) }
}

t.test('the chosen one, until it shows a frame', async (t) => {
  const { stateDir, said, config, proving } = box(t)
  const bundle = proving.fit(config)
  t.equal(bundle.manifest.id, 'field-2')
  t.match(readChoice(stateDir), { trial: 'running' })
  t.notOk(proving.failed(new AgentError('archive', 'taken', ExitCode.input)), 'which says nothing about networks')
  proving.proven(bundle)
  t.match(readChoice(stateDir), { use: 'field-2', trial: undefined })
  t.notOk(proving.failed(new AgentError('engine', 'died', ExitCode.unexpected)), 'it has run')
  proving.ended()
  t.strictSame(said, [])
})

t.test('one that does not start', async (t) => {
  const { stateDir, said, config, proving } = box(t)
  proving.fit(config)
  t.ok(proving.failed(new AgentError('engine', 'no memory\nmore', ExitCode.input)))
  t.match(readChoice(stateDir), { use: 'field-1', fell: { id: 'field-2', why: 'no memory' } })
  t.strictSame(said, [
    'the chosen bundle does not run; field-1 is used again: {"bundle":"field-2","reason":"no memory"}',
  ])
  t.equal(proving.fit(config).manifest.id, 'field-1')
})

t.test('one that does not fit, is damaged, or is gone', async (t) => {
  const { stateDir, said, config, proving } = box(t, { heads: ['analyse'] })
  otherBundle(join(stateDir, 'bundles'), 'lean-6', undefined, 'lean-5')
  choose(stateDir, 'lean-6')
  t.equal(proving.fit(config).manifest.id, 'field-1', 'lean-5’s has no analyse.onnx')
  t.match(said, [/field-1 is used again: .*has no analyse\.onnx/])
  choose(stateDir, 'field-9')
  t.equal(proving.fit(config).manifest.id, 'field-1')
  t.match(said[1], /no bundle in .*field-9/)
  choose(stateDir, 'field-2')
  writeFileSync(join(stateDir, 'bundles', 'field-2', 'manifest.json'), '{}')
  t.equal(proving.fit(config).manifest.id, 'field-1')
})

t.test('what is wrong with the configuration is not the bundle’s fault', async (t) => {
  const { stateDir, config, proving } = box(t, { heads: ['classify'] })
  t.throws(() => proving.fit(config), { code: 'config', message: /has no classify\.onnx/ })
  t.match(readChoice(stateDir), { use: 'field-2' })
  const named = box(t, {}, { bundle: 'lean-5' })
  const bundle = named.proving.fit(named.config)
  t.equal(bundle.manifest.id, 'lean-5')
  named.proving.proven(bundle)
  named.proving.ended()
  t.match(readChoice(named.stateDir), { trial: 'waiting' }, 'a bundle that is not used is not tried')
})

t.test('a choice that cannot be written', async (t) => {
  const { stateDir, said, config, proving } = box(t)
  mkdirSync(join(stateDir, 'bundles', `choice.json.${process.pid}.new`))
  t.equal(proving.fit(config).manifest.id, 'field-2', 'is no reason not to run')
  t.strictSame(said, ['which bundle runs could not be noted'])
})

const key = join(t.testdir(), 'key')

t.test('with a key, what it has not signed does not run, also where it ran before', async (t) => {
  const { stateDir, said, config, proving } = box(t, {}, { bundles: { publicKey: keygen(key).raw } })
  otherBundle(join(stateDir, 'bundles'), 'field-3')
  otherBundle(join(stateDir, 'bundles'), 'field-4')
  writeChoice(stateDir, { use: 'field-3', before: 'field-2' })
  t.match(inPlaceOfUnsigned(config), { id: 'field-1', why: /bundle field-3 is not signed/ })
  t.equal(proving.fit(config).manifest.id, 'field-1', 'nor does the one before it')
  t.match(said, [/field-1 is used again: .*bundles\.publicKey: bundle field-3 is not signed, and only/])
  t.match(readChoice(stateDir), { use: 'field-1', fell: { id: 'field-3', why: /is not signed/ } })

  await signBundle(join(stateDir, 'bundles', 'field-2'), key)
  writeChoice(stateDir, { use: 'field-3', before: 'field-2' })
  t.equal(proving.fit(config).manifest.id, 'field-2', 'which is signed')
  t.equal(inPlaceOfUnsigned(config), undefined)
  writeChoice(stateDir, { use: 'field-2', before: 'field-4', trial: 'running' })
  t.equal(
    new Proving(silentLog).fit(config).manifest.id,
    'field-1',
    'a signed one that died falls back to none unsigned',
  )

  const named = { ...config, bundle: 'field-3' }
  t.throws(() => proving.fit(named), { code: 'config', message: /bundle: bundle field-3 is not signed/ })
  t.equal(inPlaceOfUnsigned(named), undefined, 'a line is the owner’s to change')
})
