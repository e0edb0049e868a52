/** The verbs as their owner calls them, on the built program's code, with real keys and networks. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { add, list, remove, use } from '../../agent/bundle-verbs.js'
import { readChoice, writeChoice } from '../../agent/updates/choice.js'
import { keygen, signBundle } from '../../client/release/keys.js'
import { pack } from '../../client/release/pack.js'
import { otherBundle, withFile } from '../contract/other-bundle.js'

/** What a verb prints. */
async function printed(t: Test, work: () => unknown): Promise<string> {
  const lines: string[] = []
  const [out, err] = (['log', 'error'] as const).map((name) =>
    t.capture(console, name, (line: string) => void lines.push(line)),
  )
  try {
    await work()
  } finally {
    out!.restore()
    err!.restore()
  }
  return lines.join('\n')
}

t.test('a bundle comes, is used, goes back and goes', async (t) => {
  const dir = t.testdir()
  const config = join(dir, 'config.yaml')
  const configure = (more = '') =>
    writeFileSync(
      config,
      `stateDir: ${dir}/state\narchive: {minFreeMegabytes: 1}\n${more}cameras:\n  - id: a\n    source: x.mp4\n`,
    )
  configure()
  const folder = otherBundle(dir)
  const said = (work: () => unknown) => printed(t, work)

  await t.test('unsigned where no key is configured', async (t) => {
    const lines = await said(() => add(folder, { config }))
    t.match(lines, /decoder\.onnx is left out: no box makes pictures/)
    t.match(lines, /^field-2 is added: SHA-256 [0-9a-f]{16}…, its signature was not asked for/m)
    t.match(await said(() => add(folder, { config })), /^field-2 was there already/m)
    t.match(
      await said(() => list({ config })),
      /^in use +field-1 +package .*\n( +lean.*\n)+ +field-2 +added +[0-9a-f]{16}… +14\.0 +-$/m,
    )
  })

  const { raw } = keygen(join(dir, 'release.key'))
  await t.test('once a key is configured only what it has signed', async (t) => {
    configure(`bundles: {publicKey: ${raw}}\n`)
    await t.rejects(add(folder, { config }), { exitCode: 3, message: /field-2: is not signed, and only what key/ })
    t.throws(() => use('field-2', { config }), { exitCode: 3, message: /bundle field-2 is not signed/ })
    await said(() => remove('field-2', { config }))
    await signBundle(folder, join(dir, 'release.key'))
    const file = join(dir, 'field-2.tar.gz')
    t.strictSame((await pack(folder, file)).leftOut, ['decoder/decoder.onnx'])
    t.match(await said(() => add(file, { config })), /^field-2 is added: .*signed by key [0-9a-f]{16}$/m)
    keygen(join(dir, 'other.key'))
    await signBundle(otherBundle(dir, 'field-3'), join(dir, 'other.key'))
    await t.rejects(add(join(dir, 'field-3'), { config }), {
      message: /is signed with key [0-9a-f]{16}, and only what/,
    })
    withFile(folder, 'entropy.json', Buffer.from('{}'))
    await t.rejects(add(folder, { config }), { message: /is not of this manifest/ })
  })

  await t.test('used from the next start on', async (t) => {
    t.throws(() => use('field-9', { config }), {
      exitCode: 3,
      message: /no bundle field-9 here; there are field-1, .*field-2/,
    })
    t.throws(() => use(undefined, { config }), { exitCode: 2, message: /name a bundle, or --back/ })
    t.throws(() => use('field-2', { config, back: true }), { exitCode: 2, message: /--back/ })
    t.throws(() => use(undefined, { config, back: true }), { exitCode: 3, message: /there is none before/ })
    const lines = await said(() => use('field-2', { config }))
    t.match(
      lines,
      /^field-2 is used from the next start on; if it does not start, field-1 comes back by itself\. At once: sudo systemctl reload/,
    )
    t.match(await said(() => list({ config })), /in use +field-2 .*[0-9a-f]{16}\nfield-2 has not shown a frame yet/)
    t.throws(() => remove('field-2', { config }), { exitCode: 3, message: /is in use; use another one first/ })
    t.throws(() => remove('field-1', { config }), { message: /comes with the package and stays/ })
    t.throws(() => remove('field-9', { config }), { message: /no bundle field-9 was added here/ })
  })

  await t.test('and back', async (t) => {
    writeChoice(join(dir, 'state'), { use: 'field-2', before: 'field-1' })
    t.match(JSON.parse(await said(() => list({ config, json: true }))), {
      ...{ v: 1, in_use: 'field-2', named_by: null, proven: true, fell_back: null },
      bundles: [{ id: 'field-1', before: true }, {}, {}, { id: 'field-2', in_use: true, bytes: 14_000_302 }],
    })
    t.match(await said(() => use(undefined, { config, back: true })), /^field-1 is used/)
    t.throws(() => remove('field-2', { config }), { message: /is what comes back if field-1 does not start/ })
    writeChoice(join(dir, 'state'), {
      use: 'field-1',
      before: 'field-2',
      fell: { id: 'field-2', to: 'field-1', why: 'x', at: '' },
    })
    t.match(await said(() => list({ config })), /^! field-2 did not run \(x\); field-1 came back$/m)
    t.match(await said(() => remove('field-2', { config })), /^field-2 is removed; streams/)
    t.strictSame(readChoice(join(dir, 'state')), { use: 'field-1' })
  })

  await t.test('what the configuration says stands', async (t) => {
    await said(() => add(join(dir, 'field-2.tar.gz'), { config }))
    configure('bundle: field-2\n')
    t.throws(() => use('lean-5', { config }), {
      exitCode: 78,
      message: /config\.yaml:3: bundle: field-2: the configuration names the bundle; write bundle: lean-5 there/,
    })
    t.match(await said(() => list({ config })), /config\.yaml:3 names field-2$/)
    t.throws(() => remove('field-2', { config }), { message: /is named by .*config\.yaml:3; change that line first/ })
    configure()
    writeFileSync(config, `${execFileSync('cat', [config])}    thresholds: {person: {enter: 0.7, leave: 0.4}}\n`)
    t.throws(() => use('lean-1', { config }), { exitCode: 78, message: /config\.yaml:\d+: cameras\.0\.thresholds/ })
    writeFileSync(config, `${execFileSync('cat', [config])}    password: \${NOT_HERE}\n    username: x\n`)
    t.match(await said(() => use('lean-5', { config })), /^not held against the cameras: .*NOT_HERE.*\nlean-5 is used/s)
  })
})

t.test('a damaged one is shown as such, and not used; it can be added again, and go', async (t) => {
  const dir = t.testdir()
  const config = join(dir, 'config.yaml')
  writeFileSync(
    config,
    `stateDir: ${dir}/state\narchive: {minFreeMegabytes: 1}\ncameras:\n  - {id: a, source: x.mp4}\n`,
  )
  const folder = otherBundle(dir)
  const place = join(dir, 'state', 'bundles', 'field-2')
  const said = (work: () => unknown) => printed(t, work)
  await said(() => add(folder, { config }))
  t.notMatch(await said(() => list({ config })), /damaged/)
  t.match(JSON.parse(await said(() => list({ config, json: true }))), { damaged: [] })

  rmSync(join(place, 'encoder.onnx'))
  t.throws(() => use('field-2', { config }), {
    exitCode: 3,
    message: /^bundle field-2 is damaged.*encoder\.onnx: cannot be read.* bundle add FILE puts it right/,
  })
  t.strictSame(readChoice(join(dir, 'state')), {})
  const lines = await said(() => list({ config }))
  t.match(lines, /^damaged +field-2 +added/m)
  t.match(lines, /^! bundle field-2 is damaged.*encoder\.onnx/m)
  t.match(await said(() => add(folder, { config })), /^field-2 is added/m)
  t.notMatch(await said(() => list({ config })), /damaged/)

  writeFileSync(join(place, 'analyse.onnx'), 'other bytes')
  t.throws(() => use('field-2', { config }), { exitCode: 3, message: /analyse\.onnx: 11 bytes/ })
  writeFileSync(join(place, 'manifest.json'), '{')
  t.throws(() => use('field-2', { config }), {
    exitCode: 3,
    message: /bundle field-2 is damaged.*manifest\.json: not JSON/,
  })
  t.match(JSON.parse(await said(() => list({ config, json: true }))), { damaged: [{ id: 'field-2', why: /not JSON/ }] })
  t.match(await said(() => remove('field-2', { config })), /^field-2 is removed/)
  t.throws(() => use('field-2', { config }), { message: /no bundle field-2 here/ })
})

t.test('networks that do not run are not kept', async (t) => {
  const dir = t.testdir()
  const config = join(dir, 'config.yaml')
  writeFileSync(config, `stateDir: ${dir}/state\narchive: {minFreeMegabytes: 1}\ncameras: []\n`)
  const folder = otherBundle(dir)
  withFile(folder, 'analyse.onnx', Buffer.from('no network'))
  await t.rejects(add(folder, { config }), {
    exitCode: 3,
    message: /field-2: bundle field-2 does not run here: analyse\.onnx: ONNX Runtime cannot run it/,
  })
  t.notMatch(await printed(t, () => list({ config })), /field-2/)
})
