import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { freePort } from '../mosquitto.js'
import { run, start } from '../run.js'

t.test('a flag that is wrong is said, with what is expected', async (t) => {
  const wrong = async (...flags: string[]) => {
    const { code, err } = await run(['collect', ...flags])
    return [code, err.trim()]
  }
  t.match(await wrong('--http', 'here'), [2, /^blindsight: no place to listen, --http here, expected/])
  t.match(await wrong('--http', '127.0.0.1:70000'), [2, /--http 127.0.0.1:70000/])
  t.match(await wrong('--name', 'Gate 1'), [2, /--name Gate 1/])
  t.match(await wrong('--group', 'a/b'), [2, /--group a\/b/])
  t.match(await wrong('--keep-days', '0'), [2, /--keep-days 0/])
  t.match(await wrong('--gap-seconds', 'soon'), [2, /--gap-seconds soon/])
  t.match(await wrong('--jetstream', 'nats://x', '--replicas', 'many'), [2, /--replicas many/])
  t.match(await wrong('--broker', 'http://hub'), [2, /--broker http:\/\/hub/])
})

t.test('a store that is none is said, and nothing of it is lost', async (t) => {
  const text = 'no database, but more than a hundred bytes of text '.repeat(20)
  const file = join(t.testdir({ 'notes.txt': text }), 'notes.txt')
  for (const args of [
    ['collect', '--store', file],
    ['verify', '--store', file],
  ]) {
    const { code, err } = await run(args)
    t.equal(code, 3)
    t.match(err, /notes\.txt: file is not a database/)
  }
})

t.test('verify makes no store, and knows one with nothing in it', async (t) => {
  const file = join(t.testdir(), 'new.sqlite')
  t.match(await run(['verify', '--store', file]), { code: 3, err: /new\.sqlite: there is no such file/ })
  t.equal(existsSync(file), false)
  await (await openStore(file)).close()
  const { code, out } = await run(['verify', '--store', file])
  t.strictSame([code, out], [0, '0 boxes, 0 streams: 0 there, 0 missing, 0 gone for good\n'])
})

t.test('a place that cannot be written is said at the start, and nothing is made anywhere else', async (t) => {
  const dir = t.testdir({ file: 'no folder' })
  const file = join(dir, 'file')
  const store = join(dir, 'fleet.sqlite')
  const cases: [string[], RegExp][] = [
    [
      ['--store', join(file, 'fleet.sqlite')],
      /^blindsight: .*file\/fleet\.sqlite: cannot be written \(ENOTDIR.*\); its folder must be/,
    ],
    [['--store', '/proc/fleet.sqlite'], /^blindsight: \/proc\/fleet\.sqlite: cannot be written \(unable to open/],
    [['--store', 'mysql://me:secret@db/x'], /^blindsight: mysql:\/\/: is no store .*expected a file or postgres:/],
    [
      ['--store', store, '--bits', join(file, 'bits')],
      /^blindsight: cannot write, --bits .*file\/bits: ENOTDIR.*make it a folder/,
    ],
    [['--store', store, '--bits', file], /^blindsight: cannot write, --bits .*file: EEXIST/],
  ]
  for (const [args, said] of cases) {
    const { code, err } = await run(['collect', ...args])
    t.strictSame([code, err.split('\n').length], [3, 2], args.join(' '))
    t.match(err, said)
    t.notMatch(err, /secret/)
  }
  t.strictSame(readdirSync(dir), ['file'])
})

t.test('a store of a later release is left as it is', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  await (await openStore(file)).close()
  const db = new Database(file)
  db.prepare("INSERT INTO kysely_migration (name, timestamp) VALUES ('999', '2027-01-01')").run()
  db.close()
  for (const verb of ['collect', 'verify'])
    t.match(await run([verb, '--store', file]), {
      code: 3,
      err: /fleet\.sqlite: was written by a later blindsight; use that one/,
    })
})

t.test('a database that is away at the start is waited for, said once, until it is told to stop', async (t) => {
  const { child, seen, ended } = start([
    'collect',
    '--store',
    `postgres://me:secret@127.0.0.1:${await freePort()}/fleet`,
  ])
  await seen('trying again')
  child.kill('SIGTERM')
  const { code, err } = await ended
  t.equal(code, 0)
  t.match(err, /^postgres:\/\/127\.0\.0\.1:\d+\/fleet: connect ECONNREFUSED.*; trying again\n$/)
})
