import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { verify } from '../../../client/collect/verify.js'
import { openStore } from '../../../client/store/open.js'
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
    '1 boxes, 1 streams: 3 there, 2 missing, 4 gone for good',
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
    '1 boxes, 1 streams: 4 there, 2 missing, 0 gone for good',
  ])
  lines.length = 0
  t.equal(await verify(store, undefined, { json: true }, print), false)
  t.match(JSON.parse(lines[0]), { frames: 4, missing: [], lost: [{ from: 2, to: 3 }] })
})
