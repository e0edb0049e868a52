import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bundleDir, DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { parseConfig } from '../../agent/config/load.js'
import { fit, fitPorts, noPort } from '../../agent/fit.js'
import { BundleError } from '../../contract/bundle.js'

const camera = 'cameras:\n  - id: a\n    source: x.mp4\n'

function faults(text: string): string {
  try {
    fit(parseConfig(`${camera}${text}`, 'box.yaml'))
  } catch (error) {
    t.match(error, { name: 'AgentError', code: 'config', exitCode: 78 })
    return (error as Error).message
  }
  return ''
}

const dir = t.testdir({ file: '', empty: {} })
const poor = join(dir, 'poor')
cpSync(bundleDir('lean-5'), poor, {
  recursive: true,
  filter: (file) => !/decoder|segment\.onnx|context/.test(file),
})
const manifestFile = join(poor, 'manifest.json')
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'))
delete manifest.files['segment.onnx']
delete manifest.files['context.bin']
manifest.latent.multiple = 64
writeFileSync(manifestFile, JSON.stringify(manifest))

t.test('what fits', async (t) => {
  t.equal(fit(parseConfig(camera, 'box.yaml')).manifest.id, DEFAULT_BUNDLE)
  t.equal(faults(`stateDir: ${dir}/not/yet/there\n`), '')
  const less = `    heads: [classify]\n    coding: static\nbundle: ${poor}\n`
  t.equal(faults(`    width: 448\n    height: 256\n${less}`), '')
  t.equal(faults(`    enabled: false\n    width: 16\nbundle: ${poor}\n`), '', 'a camera that is off asks for nothing')
})

t.test('the line of what does not, and what to write instead', async (t) => {
  const cases: [string, RegExp][] = [
    [
      'bundle: lean-55\n',
      /^box\.yaml:4: bundle: no bundle in .*lean-55; there are .*lean-5, or name a bundle's folder$/,
    ],
    [`bundle: ${dir}/empty\n`, /^box\.yaml:4: bundle: no bundle in/],
    [`bundle: ${dir}/file\n`, /^box\.yaml:4: bundle: no bundle in/],
    [`stateDir: ${dir}/file\n`, /^box\.yaml:4: stateDir: .*file is a file, not a folder; name a folder/],
    [`stateDir: ${dir}/file/below\n`, /^box\.yaml:4: stateDir: .*file is a file/],
    ['providers: [tensorrt]\n', /^box\.yaml:4: providers: tensorrt: not offered .*write providers: \[tensorrt, cpu\]/],
    [`    heads: [classify]\nbundle: ${poor}\n`, /^box\.yaml:2: cameras\.0\.coding: .*set coding: static/m],
    [`    coding: max\nbundle: ${poor}\n`, /^box\.yaml:4: cameras\.0\.coding: camera a: coding max/m],
    [
      `    heads: [segment, classify]\nbundle: ${poor}\n`,
      /^box\.yaml:4: cameras\.0\.heads: .*no segment\.onnx; leave heads out \(it has classify\)/m,
    ],
    [`    width: 432\nbundle: ${poor}\n`, /^box\.yaml:4: cameras\.0\.width: .*multiples of 64; nearest to 432: 448/m],
  ]
  for (const [text, line] of cases) t.match(faults(text), line)
})

t.test('every fault is named, not only the first', async (t) => {
  t.equal(
    faults(
      `    width: 432\n    heads: [segment]\nbundle: ${poor}\nstateDir: ${dir}/file\nproviders: [tensorrt]\n`,
    ).split('\n').length,
    5,
  )
})

t.test('a bundle that is there and damaged is another matter', async (t) => {
  rmSync(join(poor, 'entropy.json'))
  t.throws(() => fit(parseConfig(`${camera}bundle: ${poor}\n`, 'box.yaml')), BundleError)
})

t.test('an embedded port that is not allowed', async (t) => {
  const config = parseConfig(`${camera}mqtt:\n  embeddedPort: 80\n`, 'box.yaml')
  const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
  t.match(noPort(config, denied), { exitCode: 78, message: /^box\.yaml:5: mqtt\.embeddedPort: port 80 .*from 1024/ })
  const other = new Error('no memory')
  t.equal(noPort(config, other), other)
})

t.test('ports of those who may: said before anything is started', async (t) => {
  const from = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (from <= 81) return t.comment(`every user may listen on ports from ${from} here`)
  const root = process.getuid!() === 0
  const config = parseConfig(`${camera}mqtt:\n  embeddedPort: 80\nhttp:\n  port: 81\n`, 'box.yaml')
  const elsewhere = parseConfig(`${camera}mqtt:\n  url: mqtt://b\n  embeddedPort: 80\n`, 'box.yaml')
  if (root) process.seteuid!(65_534)
  try {
    await t.rejects(fitPorts(config), {
      exitCode: 78,
      message:
        /^box\.yaml:5: mqtt\.embeddedPort: port 80 .*such as 1883\nbox\.yaml:7: http\.port: port 81 .*such as 9100$/,
    })
    await fitPorts(elsewhere)
  } finally {
    if (root) process.seteuid!(0)
  }
})

t.test('a port that is taken may be free later', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await fitPorts(parseConfig(`${camera}mqtt:\n  embeddedPort: ${port}\nhttp:\n  port: ${port}\n`, 'box.yaml'))
})
