/** With an archive, without one, and with a damaged one: real SQLite and a real file system. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { damagedFiles } from '../../../agent/archive/aside.js'
import { Keeper } from '../../../agent/archive/keeper.js'
import { silentLog } from '../../../agent/log.js'
import type { EventRecord } from '../../../agent/outbox.js'
import { until } from '../../e2e/until.js'
import { at, frame, limits, nowMs } from './frames.js'

/** A folder that goes after whoever works in it: tap takes what was made first away first. */
function folder(t: Test, content = {}): string {
  t.teardown(() => {})
  return t.testdir(content)
}

function keeper(t: Test, dir: string) {
  const states: (string | undefined)[] = []
  let opened = 0
  const ended: EventRecord[] = []
  const events = {
    changed: (reason: string | undefined) => void states.push(reason),
    opened: () => void opened++,
    another: (news: readonly EventRecord[]) => void ended.push(...news),
  }
  const made = new Keeper(dir, limits, silentLog, events, () => at(nowMs))
  t.teardown(() => made.stop())
  return { keeper: made, states, ended, opened: () => opened }
}
const waiting = (of: Keeper) => of.unpublished(0, Number.MAX_SAFE_INTEGER, 500)
const seqs = (of: Keeper) => of.list({ cursor: 0, limit: 500 }).map(({ seq }) => seq)

t.test('with an archive it is one', async (t) => {
  const { keeper: kept, states } = keeper(t, folder(t))
  kept.start()
  t.ok(kept.commit(frame(0)) && kept.commit(frame(1)))
  t.equal(waiting(kept).length, 2)
  kept.settle(waiting(kept).map(({ id, parts }) => ({ id, parts })))
  t.match(kept.stats, { frames: 2, outboxRows: 0 })
  t.match(kept.counters, { archived: 2 })
  t.strictSame(states, [])
  kept.upkeep()
  kept.stop()
  t.match(kept.counters, { archived: 2 }, 'what was counted stays')
})

t.test('a large archive is counted beside the work', async (t) => {
  const dir = folder(t)
  const first = Archive.open(dir)
  for (let seq = 0; seq < 1700; seq++) first.commit(frame(seq, { size: 10 }))
  first.close()
  // As an archive of an earlier version is.
  const db = new Database(join(dir, 'archive.sqlite'))
  db.exec('DELETE FROM counted')
  db.close()
  const { keeper: kept } = keeper(t, dir)
  kept.start()
  t.equal(kept.stats.counted, false)
  await until('all of it', () => kept.stats.counted)
  t.equal(kept.stats.frames, 1700)
})

t.test('no directory can be made: it says so, answers, and takes frames as soon as one can', async (t) => {
  const dir = join(folder(t, { parent: 'a file' }), 'parent', 'state')
  const { keeper: kept, states, opened } = keeper(t, dir)
  kept.start()
  t.match(states, [/no directory/])
  t.notOk(kept.commit(frame(0)))
  t.strictSame(waiting(kept), [])
  t.equal(kept.lastUnpublishedBefore(1e18), 0)
  t.match(kept.stats, { frames: 0 })
  t.throws(() => kept.list({ cursor: 0, limit: 1 }), /there is no archive now: .*no directory/)
  t.throws(() => kept.settle([{ id: 1, parts: 7 }]), /no archive/)
  kept.upkeep()
  rmSync(join(dir, '..'))
  await until('an archive', () => opened() === 1)
  t.equal(kept.reason, undefined)
  t.equal(states.length, 2)
  t.ok(kept.commit(frame(0)))
})

t.test('another agent runs on it: the only thing that a start ends with', async (t) => {
  const dir = folder(t)
  const first = Archive.open(dir)
  t.teardown(() => first.close())
  t.throws(() => keeper(t, dir).keeper.start(), { name: 'AgentError', exitCode: 3 })
})

t.test('of a later version: left alone, and the box goes on', async (t) => {
  const dir = folder(t)
  Archive.open(dir).close()
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(join(dir, 'archive.sqlite'))
  db.pragma('user_version = 99')
  db.close()
  const { keeper: kept, states } = keeper(t, dir)
  kept.start()
  t.match(states, [/newer version/])
  t.strictSame(damagedFiles(dir), [])
})

const garbage: [string, (dir: string) => void][] = [
  ['a text', (dir) => writeFileSync(join(dir, 'archive.sqlite'), 'a text, and no database at all. '.repeat(100))],
  ['a directory', (dir) => mkdirSync(join(dir, 'archive.sqlite'))],
]
for (const [name, put] of garbage)
  t.test(`${name} in its place is set aside, not deleted, and a new one begun at once`, async (t) => {
    const dir = folder(t)
    put(dir)
    const { keeper: kept, states } = keeper(t, dir)
    kept.start()
    t.strictSame(states, [])
    t.ok(kept.commit(frame(0)))
    const [aside] = damagedFiles(dir)
    t.ok(aside && existsSync(aside))
    if (name === 'a text') t.match(readFileSync(aside!, 'utf8'), /^a text, and no/)
  })

t.test('damage that shows while it runs: the frame at hand goes into the new one', async (t) => {
  const dir = folder(t)
  const { keeper: kept, states } = keeper(t, dir)
  kept.start()
  for (let seq = 0; seq < 50; seq++) kept.commit(frame(seq))
  const before = kept.list({ cursor: 0, limit: 500 }).at(-1)!.id
  // A disk that gives back something else than was written.
  kept.stop()
  const again = keeper(t, dir)
  again.keeper.start()
  const file = join(dir, 'archive.sqlite')
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 4096)
  writeFileSync(file, bytes)
  t.ok(again.keeper.commit(frame(50)))
  t.strictSame(seqs(again.keeper), [50])
  t.ok(again.keeper.find('street', frame(50).boot, 50)!.id > before, 'ids that were given out are not given again')
  t.equal(damagedFiles(dir).length, 1)
  t.equal(again.opened(), 2)
  t.strictSame([...states, ...again.states], [])
})

t.test('what can be read of the damaged one is taken over beside the work, and nothing given out twice', async (t) => {
  const dir = folder(t)
  const first = keeper(t, dir)
  first.keeper.start()
  for (let seq = 0; seq < 200; seq++) first.keeper.commit(frame(seq))
  first.keeper.stop()
  const file = join(dir, 'archive.sqlite')
  const bytes = readFileSync(file)
  bytes.fill(0, 0, 4096)
  writeFileSync(file, bytes)
  const { keeper: kept, opened, states } = keeper(t, dir)
  kept.start()
  t.ok(kept.commit(frame(200)))
  t.match(kept.takingOver, { file: /^archive\.damaged-.*\.sqlite$/, taken: 0 })
  await until('all of them', () => kept.takingOver === undefined)
  t.strictSame(
    seqs(kept),
    Array.from({ length: 201 }, (_, seq) => seq),
  )
  t.equal(waiting(kept).length, 201, 'and will be published')
  t.equal(opened(), 2, 'which the publisher is told')
  t.strictSame(states, [])
  kept.stop()
  const again = keeper(t, dir)
  again.keeper.start()
  t.equal(again.keeper.takingOver, undefined, 'once')
})

t.test('the directory is renamed, and another stands there: the archive is where its name is', async (t) => {
  const dir = join(folder(t), 'state')
  const { keeper: kept } = keeper(t, dir)
  kept.start()
  kept.commit(frame(0))
  renameSync(dir, `${dir}.old`)
  kept.upkeep()
  t.ok(kept.commit(frame(1)))
  t.strictSame(seqs(kept), [1])
  t.ok(readdirSync(`${dir}.old`).includes('archive.sqlite'))
})

t.test('a file comes where the directory was: it says so, and goes on when the directory is back', async (t) => {
  const place = join(folder(t), 'place')
  const dir = join(place, 'state')
  const { keeper: kept, states } = keeper(t, dir)
  kept.start()
  kept.commit(frame(0))
  renameSync(place, `${place}.old`)
  writeFileSync(place, '')
  kept.upkeep()
  t.match(states, [/no directory/])
  t.notOk(kept.commit(frame(1)))
  rmSync(place)
  renameSync(`${place}.old`, place)
  await until('the archive', () => kept.commit(frame(2)))
  t.strictSame(seqs(kept), [0, 2])
})

t.test('a directory that may not be written', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
  const dir = folder(t)
  chmodSync(dir, 0o500)
  t.teardown(() => chmodSync(dir, 0o700))
  const { keeper: kept, states } = keeper(t, dir)
  kept.start()
  t.match(states, [/owner/])
})
