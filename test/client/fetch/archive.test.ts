import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { setUp } from '../archive-setting.js'
import { boot } from '../bundle.js'

t.test('list follows cursors, up to the limit', async (t) => {
  const { verb } = await setUp(t, 'archive')
  const all = await verb('list', '--json')
  t.equal(all.code, 0)
  t.same(
    all.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).ref),
    [0, 1, 2, 3, 4].map((seq) => `street/${boot}/${seq}`),
  )
  const some = await verb('list', '--cam', 'street', '--from', '2026-05-01', '--limit', '3')
  t.equal(some.out.trim().split('\n').length, 3)
  t.match(some.err, /more than 3/)
})

t.test('get by time: written, and not fetched again', async (t) => {
  const { verb, box, out } = await setUp(t, 'archive')
  box.faults = { busy: 2 }
  const first = await verb('get', '--cam', 'street', '--out', out)
  t.equal(first.code, 0, first.err)
  t.equal(readdirSync(out).length, 5)
  t.same(readFileSync(join(out, `street-${boot}-4.bsf`)), Buffer.from(box.archive.get(`street/${boot}/4`)!))
  writeFileSync(join(out, `street-${boot}-4.bsf`), 'damaged')
  const asked = box.offsets.length
  const second = await verb('get', '--cam', 'street', '--out', out)
  t.equal(second.code, 0)
  t.match(second.err, '4 already there')
  t.equal(box.offsets.length, asked + 1)
})

t.test('a cut transfer goes on where it was', async (t) => {
  const { verb, box, out } = await setUp(t, 'archive')
  const ref = `street/${boot}/1`
  const { length } = box.archive.get(ref)!
  box.faults = { blockBytes: 20, blocksPerGet: 2 }
  const { code, err } = await verb('get', ref, '--out', out, '--timeout', '5') // after which it asks for the rest
  t.equal(code, 0, err)
  t.same(
    box.offsets,
    Array.from({ length: Math.ceil(length / 40) }, (_, i) => i * 40),
  )
  t.same(readFileSync(join(out, `street-${boot}-1.bsf`)), Buffer.from(box.archive.get(ref)!))
})

t.test('a box that answers without MQTT 5', async (t) => {
  const { verb, box, out } = await setUp(t, 'archive')
  box.faults = { plain: true }
  t.equal((await verb('get', `street/${boot}/1`, '--out', out)).code, 0)
  t.equal(readdirSync(out).length, 1)
})

t.test('one that is gone does not keep the others from coming', async (t) => {
  const { verb, out } = await setUp(t, 'archive')
  const { code, err } = await verb('get', `street/${boot}/99`, `street/${boot}/1`, '--out', out)
  t.equal(code, 5)
  t.match(err, /^blindsight: the box answered not_found, describe street\/0123456789abcdef\/99: .*\n$/)
  t.same(readdirSync(out), [`street-${boot}-1.bsf`])
})

t.test('nothing is written that is not whole', async (t) => {
  const { verb, box, out } = await setUp(t, 'archive')
  mkdirSync(out)
  const ref = `street/${boot}/1`
  box.faults = { sha256: createHash('sha256').update('other').digest('hex') }
  const wrong = await verb('get', ref, '--out', out)
  t.equal(wrong.code, 5)
  t.match(wrong.err, /SHA-256/)
  box.faults = {}
  box.archive.set(ref, Buffer.from('no record'))
  const damaged = await verb('get', ref, '--out', out)
  t.equal(damaged.code, 5)
  t.match(damaged.err, /damaged/)
  t.same(readdirSync(out), [])
})

t.test('what goes wrong is one line and a documented exit code', async (t) => {
  const { verb, box, broker, out } = await setUp(t, 'archive')
  const cases: [string, string[], number, RegExp][] = [
    ['get', ['--out', out], 2, /name refs/],
    ['get', ['../../etc', '--out', out], 2, /no ref/],
    ['get', [`street/${boot}/1`, '--cam', 'street', '--out', out], 2, /unclear/],
    ['list', ['--from', 'yesterday'], 2, /--from yesterday/],
  ]
  for (const [name, args, code, message] of cases) {
    const ended = await verb(name, ...args)
    t.equal(ended.code, code, args.join(' '))
    t.match(ended.err, message)
    t.match(ended.err, /^blindsight: [^\n]+\n$/)
  }
  box.faults = { silent: true }
  const silent = await verb('get', `street/${boot}/1`, '--out', out, '--timeout', '0.5')
  t.equal(silent.code, 5)
  t.match(silent.err, /no answer within 0.5 s/)
  t.notOk(existsSync(out))
  await broker.kill()
  t.equal((await verb('list')).code, 4)
})
