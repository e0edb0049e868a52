import t from 'tap'
import { figuresOf } from './figures.js'

t.test('what comes often is said once, and counted each time', async (t) => {
  const { figures, lines, value } = figuresOf()
  for (let i = 0; i < 3; i++) {
    figures.wrong('b/v1/gate-1/cam/street/cls', 'no JSON')
    figures.wrong('b/v1/gate-1/cam/yard/cls', 'no JSON')
    figures.wrong('b/v1/gate-2/cam/street/cls', 'no JSON')
    figures.refused('the store will not take #1', 'too long')
    figures.conflict('two boxes are called gate-1', 'gate-1')
    figures.failed('sealing segments', 'no room')
  }
  t.equal(lines.length, 5)
  t.equal(await value('invalid_total'), 9)
  t.equal(await value('refused_total'), 3)
  t.equal(await value('device_conflicts_total'), 3)
  t.equal(await value('failures_total{what="sealing segments"}'), 3)
})

t.test('what was done', async (t) => {
  const { figures, value } = figuresOf()
  figures.came('cls')
  figures.committed({ added: { cls: 2, seg: 0, bits: 1, evt: 0 }, duplicates: 4 }, performance.now())
  figures.filled({ added: { cls: 5, seg: 0, bits: 0, evt: 0 }, duplicates: 0 })
  figures.incomplete(7, 8)
  figures.sealed()
  figures.unusable(2)
  figures.ask('silent')
  figures.kept([
    { work: { reject: { at: '', topic: '', reason: '', payload: Uint8Array.of() } }, cameMs: 0, settle() {} },
  ])
  const found = {
    received: await value('received_total{kind="cls"}'),
    stored: [await value('stored_total{kind="cls"}'), await value('stored_total{kind="bits"}')],
    none: await value('stored_total{kind="seg"}'),
    duplicates: await value('duplicates_total'),
    recovered: await value('recovered_total{kind="cls"}'),
    missing: [await value('missing'), await value('gone')],
    segments: [await value('segments_total'), await value('records_unusable_total')],
    asked: await value('asked_total{outcome="silent"}'),
    timed: [await value('commit_seconds_count'), await value('settle_seconds_count')],
    unsettled: await value('unsettled'),
  }
  t.strictSame(found, {
    received: 1,
    stored: [2, 1],
    none: undefined,
    duplicates: 4,
    recovered: 5,
    missing: [7, 8],
    segments: [1, 2],
    asked: 1,
    timed: [1, 1],
    unsettled: 3,
  })
})

t.test('well: with a broker and a store', async (t) => {
  const { figures } = figuresOf()
  t.match(await figures.health(), { ok: false, broker: false, store: true })
  figures.link(true)
  t.match(await figures.health(), { ok: true })
  t.equal(figures.storeUp(true), false, 'no news that it is there at the beginning')
  t.strictSame([figures.storeUp(false), figures.storeUp(false), figures.storeUp(true)], [true, false, true])
  figures.storeUp(false)
  t.match(await figures.health(), { ok: false, broker: true, store: false })
})
