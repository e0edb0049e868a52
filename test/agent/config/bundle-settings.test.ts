import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleSettings } from '../../../agent/config/bundle-settings.js'
import { loadConfig } from '../../../agent/config/load.js'
import { newKeyPair, rawKey } from '../../../contract/bundle-signature.js'

const raw = rawKey(newKeyPair().publicKey)

t.test('of a configuration that has nothing of it, and of one that has all', async (t) => {
  const file = join(t.testdir(), 'c.yaml')
  const read = (text: string) => {
    writeFileSync(
      file,
      `cameras:\n  - id: a\n    source: rtsp://cam\n    password: \${ONLY_THE_SERVICE_HAS_IT}\n${text}`,
    )
    return bundleSettings(file)
  }
  t.strictSame(read(''), {
    stateDir: '/var/lib/blindsight',
    minFreeBytes: 256e6,
    publicKey: undefined,
    named: undefined,
  })
  t.strictSame(read(`bundle: x\nstateDir: /s\nbundles: {publicKey: ${raw}}\narchive: {minFreeMegabytes: 1}\n`), {
    ...{ stateDir: '/s', minFreeBytes: 1e6, publicKey: raw },
    named: { bundle: 'x', at: `${file}:5` },
  })
  t.throws(() => read('bundles: {publicKeys: x}\n'), { exitCode: 78, message: /c\.yaml:5: .*did you mean 'publicKey'/ })
  t.throws(() => read('bundles: {publicKey: /nowhere}\n'), {
    exitCode: 78,
    message: /c\.yaml:5: bundles\.publicKey: \/nowhere does not exist/,
  })
  t.throws(() => read('a: [\n'), { exitCode: 78, message: /c\.yaml:\d+: / })
  t.throws(() => bundleSettings(`${file}x`), { exitCode: 78, message: /c\.yamlx: does not exist/ })
})

t.test('what the agent makes of it', async (t) => {
  const file = join(t.testdir(), 'c.yaml')
  const load = (text: string) => {
    writeFileSync(file, `cameras:\n  - id: a\n    source: x.mp4\n${text}`)
    return loadConfig(file).bundles
  }
  t.strictSame(load(''), { overMqtt: false })
  t.strictSame(load(`bundles: {overMqtt: true, publicKey: ${raw}}\n`), { overMqtt: true, publicKey: raw })
  t.throws(() => load('bundles: {overMqtt: true}\n'), {
    exitCode: 78,
    message: /c\.yaml:4: bundles\.overMqtt: true needs publicKey/,
  })
  t.throws(() => load('bundles: {publicKey: /nowhere}\n'), /c\.yaml:4: bundles\.publicKey: \/nowhere does not exist/)
})
