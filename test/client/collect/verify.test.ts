import { renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { Folder, sha256Of } from '../../../client/collect/objects.js'
import { verify } from '../../../client/collect/verify.js'
import { openStore } from '../../../client/store/open.js'
import { records as codedRecords, frames } from '../../codec/scene.js'
import { at, bits, cls, records } from '../store/suite.js'

t.test('what is there, missing and gone, for people and for programs', async (t) => {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  await store.commit([cls(1), cls(4), cls(9)], at)
  const [{ stream }] = await store.coverage()
  await store.gone(stream.id, ['cls'], [{ from: 5, to: 8 }], 'evicted', at)
  const lines: string[] = []
  const print = (line: string) => lines.push(line)
  t.equal(await verify(store, undefined, {}, print), false)
  t.match(lines, [
    /^gate-1\/street\/\w+ cls +3 of #1–9 · missing 2: 2–3 · gone 4: 5–8 \(evicted\) · from #1 on, nobody listened before$/,
    /^a collector asks the boxes for what has been missing for its --gap-seconds/,
    '1 box, 1 streams: 3 there, 2 missing, 4 gone for good',
  ])
  await store.commit([cls(2), cls(3)], at)
  lines.length = 0
  t.equal(await verify(store, undefined, { json: true, device: 'gate-1' }, print), true)
  t.match(JSON.parse(lines[0]), { dev: 'gate-1', kind: 'cls', frames: 5, missing: [], gone: [{ from: 5, to: 8 }] })
  t.equal(
    await verify(store, undefined, { device: 'gate-2' }, () => {}),
    true,
    'of a box that is not known there is nothing',
  )
})

t.test('bitstreams that are noted as kept and are in no segment and not waiting are missing', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  const store = await openStore(file)
  t.teardown(() => store.close())
  await store.commit(
    records().map((record) => bits(record)),
    at,
  )
  const lines: string[] = []
  const print = (line: string) => lines.push(line)
  t.equal(await verify(store, undefined, {}, print), true)
  const db = new Database(file)
  db.exec('DELETE FROM records WHERE seq IN (2, 3)')
  db.close()
  lines.length = 0
  t.equal(await verify(store, undefined, {}, print), false)
  t.match(lines, [
    / bits +4 of #0–5 · missing bitstreams 2: 2–3, noted as kept and neither in a segment nor waiting$/,
    '1 box, 1 streams: 4 there, 2 missing, 0 gone for good',
  ])
  lines.length = 0
  t.equal(await verify(store, undefined, { json: true }, print), false)
  t.match(JSON.parse(lines[0]), { frames: 4, missing: [], lost: [{ from: 2, to: 3 }] })
})

t.test('repaired, what is not there is missing again, and what is there again is noted again', async (t) => {
  const dir = t.testdir({})
  const file = join(dir, 'fleet.sqlite')
  const store = await openStore(file)
  t.teardown(() => store.close())
  const objects = new Folder(join(dir, 'bits'))
  await store.commit(
    records().map((record) => bits(record)),
    at,
  )
  const [{ stream }] = await store.coverage()
  for (const [seq, last] of [
    [0, 1],
    [2, 3],
  ]) {
    const place = `gate-1/street/${seq}.bsf`
    const data = Buffer.from(place)
    await store.claim(place, at)
    await objects.put(place, data)
    const made = { frames: 2, from: at, to: at, bytes: 9, sha256: sha256Of(data), bundle: 'cd' }
    await store.seal(stream.id, { ...made, seq, last, place })
  }
  const lines: string[] = []
  const run = async (repair: boolean, where: Folder | undefined) => {
    lines.length = 0
    return verify(store, where, { repair }, (line) => lines.push(line))
  }
  const missing = async () => (await store.coverage())[0].missing
  t.equal(await run(false, undefined), true)
  t.match(lines, [/complete/, /^segments lie elsewhere, like gate-1.*not looked at: name that with --bits$/, /6 there/])
  await t.rejects(run(true, new Folder(join(dir, 'not mounted'))), {
    code: 'input',
    message: /none of 2 objects is there, --bits .*not mounted, is it the right place/,
  })
  t.strictSame(await missing(), [])

  const path = join(dir, 'bits/gate-1/street/2.bsf')
  renameSync(path, `${path}.away`)
  t.equal(await run(false, objects), false)
  t.match(lines, [/complete/, /object is not there, .*2\.bsf/, /6 there, 0 missing.*1 objects damaged/])
  await store.closeRun(stream.id)
  t.equal(await run(true, objects), false)
  t.match(lines, [
    /4 of #0–5 · missing 2: 2–3/,
    /object is not there/,
    /^2 are missing again: a collector asks their boxes for them$/,
    /4 there, 2 missing.*0 objects damaged/,
  ])
  t.match(await store.coverage({ closed: false }), [{ missing: [{ from: 2, to: 3 }] }])
  t.equal(await run(true, objects), false, 'still missing, and no longer damaged')
  renameSync(`${path}.away`, path)
  t.equal(await run(true, objects), true)
  t.match(lines, [/6 of #0–5 · complete/, /6 there, 0 missing/])

  const db = new Database(file)
  db.exec('DELETE FROM records WHERE seq = 5')
  t.equal(await run(true, objects), false)
  t.match(lines[0], /5 of #0–5 · missing 1: 5 *$/, 'the last one, too')
  db.exec('DELETE FROM records')
  db.close()
  await store.lose(stream.id, 0, 'gate-1/street/0.bsf')
  await store.lose(stream.id, 2, 'gate-1/street/2.bsf')
  await run(true, undefined)
  t.match(lines[0], /0 of #0–5 · missing 6: 0–5 *$/, 'or all of a run')
})

t.test('of runs that leave frames out it is proven that nothing is missing, or said that it cannot be', async (t) => {
  const store = await openStore(join(t.testdir({}), 'fleet.sqlite'))
  t.teardown(() => store.close())
  const all = codedRecords(frames(1, 9), 'fast', 4)
  await store.commit([bits(all[0], { prev: '' }), bits(all[4], { prev: '0' })], at)
  const lines: string[] = []
  const run = async (more: object = {}) => {
    lines.length = 0
    return verify(store, undefined, more, (line) => lines.push(line))
  }
  t.equal(await run(), true)
  t.match(lines, [
    / bits +2 of #0–4 · complete · leaves frames out, 3 of these$/,
    '1 box, 1 streams: 2 there, 0 missing, 0 gone for good',
  ])
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.exec('DELETE FROM records WHERE seq = 0')
  t.equal(await run(), false)
  t.match(lines[0], / bits +1 of #0–4 · missing bitstreams 1: 0, noted as kept.* · leaves frames out, 3 of these$/)
  db.close()
  await store.commit([bits(all[8])], at)
  await store.recant((await store.coverage())[0].stream.id, { from: 0, to: 0 })
  await store.commit([bits(all[0], { prev: '' })], at)
  t.equal(await run(), true, 'which is no failure: nothing can mend it')
  t.match(lines, [
    / bits +3 of #0–8 · cannot be proven 3: 5–7, nothing says which of them were left out \(MQTT 3\.1\.1, or kept by an earlier version\) · /,
    /: 3 there, 0 missing, 0 gone for good, 3 cannot be proven$/,
  ])
  t.equal(await run({ json: true }), true)
  t.match(JSON.parse(lines[0]), { frames: 3, lost: [], unproven: [{ from: 5, to: 7 }], leftOut: 3, thinned: true })
})
