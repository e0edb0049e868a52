import { existsSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Incoming, type Offer } from '../../../agent/updates/incoming.js'

const offer = (id: string, sha256 = id[0]!.repeat(64)): Offer => ({
  ...{ id, sha256, manifest: Buffer.from('{}'), signature: Buffer.from('s') },
  files: [
    { name: 'encoder.onnx', bytes: 10, sha256: 'e' },
    { name: 'entropy.json', bytes: 4, sha256: 't' },
  ],
})
const a = offer('a')
const b = offer('b')
const none = () => undefined

function box(t: Test) {
  const dir = t.testdir()
  const clock = { ms: Date.now() }
  const made = () => new Incoming(dir, () => clock.ms)
  return { dir, clock, incoming: made(), made, names: () => readdirSync(join(dir, 'bundles')) }
}

t.test('files grow part by part, and what is there is passed over', async (t) => {
  const { incoming, made } = box(t)
  t.strictSame(incoming.offer(a, none), [
    { file: 'encoder.onnx', off: 0, bytes: 10 },
    { file: 'entropy.json', off: 0, bytes: 4 },
  ])
  const part = (off: number, text: string, file = 'encoder.onnx') =>
    incoming.part(a.sha256, file, off, Buffer.from(text))
  t.equal(part(0, '01234'), 5)
  t.equal(part(0, '01234'), 5, 'once more')
  t.equal(part(7, '789'), 5, 'behind a lost one')
  t.throws(() => part(5, '567890'), { code: 'bad_request', message: /encoder\.onnx has 10 bytes/ })
  t.throws(() => part(0, 'x', '../../x'), { code: 'bad_request', message: /bundle a has no \.\.\/\.\.\/x/ })
  t.throws(() => incoming.part('f'.repeat(64), 'x', 0, Buffer.alloc(1)), {
    code: 'not_found',
    message: /offer it first/,
  })
  // The box is restarted.
  const again = made()
  t.throws(() => again.wants(a.sha256), { code: 'not_found' })
  t.strictSame(again.offer(a, none), [
    { file: 'encoder.onnx', off: 5, bytes: 10 },
    { file: 'entropy.json', off: 0, bytes: 4 },
  ])
  again.part(a.sha256, 'encoder.onnx', 5, Buffer.from('56789'))
  again.part(a.sha256, 'entropy.json', 0, Buffer.from('{  }'))
  t.strictSame(again.wants(a.sha256), [])
  const dir = again.folder(a.sha256)
  t.equal(readFileSync(join(dir, 'encoder.onnx'), 'utf8'), '0123456789')
  t.strictSame(readdirSync(dir).sort(), ['encoder.onnx', 'entropy.json', 'manifest.json', 'manifest.json.sig'])
  truncateSync(join(dir, 'entropy.json'), 1)
  t.strictSame(again.wants(a.sha256), [{ file: 'entropy.json', off: 1, bytes: 4 }])
  again.drop()
  t.notOk(existsSync(dir))
  t.equal(again.offered, undefined)
})

t.test('what the box has of another bundle is not asked for', async (t) => {
  const { dir, incoming } = box(t)
  writeFileSync(join(dir, 'network'), '0123456789')
  const wants = incoming.offer(a, (hash) => (hash === 'e' ? join(dir, 'network') : undefined))
  t.strictSame(wants, [{ file: 'entropy.json', off: 0, bytes: 4 }])
})

t.test('one at a time, and what nobody goes on with goes', async (t) => {
  const { dir, clock, incoming, made, names } = box(t)
  incoming.offer(a, none)
  t.throws(() => incoming.offer(b, none), { code: 'busy', message: /bundle a is being sent/ })
  clock.ms += 59_000
  incoming.part(a.sha256, 'encoder.onnx', 0, Buffer.from('0'))
  clock.ms += 59_000
  t.throws(() => incoming.offer(b, none), { code: 'busy' })
  clock.ms += 1000
  incoming.offer(b, none)
  t.strictSame(names(), ['.in-bbbbbbbbbbbbbbbb'])
  const later = made()
  later.sweep()
  t.equal(names().length, 1, 'a restart keeps it')
  utimesSync(join(dir, 'bundles', names()[0]!), 1, 1)
  later.sweep()
  t.strictSame(names(), [])
})
