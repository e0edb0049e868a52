import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { run } from '../run.js'

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
