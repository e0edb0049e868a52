import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { until } from '../../e2e/until.js'
import { Mosquitto } from '../mosquitto.js'
import { run, start } from '../run.js'

t.test('what is wrong with the flags is one line, before anything is served', async (t) => {
  const dir = t.testdir()
  const short = join(dir, 'short')
  writeFileSync(short, 'ann 1234')
  const cases: [string[], number, RegExp][] = [
    [['--host', '0.0.0.0'], 2, /no token, --host 0\.0\.0\.0, others could look/],
    [['--port', '99999'], 2, /--port 99999/],
    [['--device', 'No Id'], 2, /--device No Id/],
    [['--token-file', join(dir, 'none')], 3, /cannot read, --token-file/],
    [['--token-file', short], 3, /token too short.*of ann/],
    [['--audit', dir], 3, /cannot write the record of views/],
    [['--broker', 'mqtt://127.0.0.1:1'], 4, /no connection to the broker/],
    [['--store', dir, '--broker', 'mqtt://127.0.0.1:1'], 3, /--store/],
  ]
  for (const [flags, code, message] of cases) {
    const ended = await run(['view', ...flags])
    t.equal(ended.code, code, `${flags.join(' ')}: ${ended.err}`)
    t.match(ended.err, message)
    t.match(ended.err, /^blindsight: [^\n]+\n$/)
  }
})

t.test('a store is shown without its broker, which is tried on and may come', async (t) => {
  const store = join(t.testdir(), 'fleet.sqlite')
  await (await openStore(store)).close()
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  await broker.kill()
  const verb = start(['view', '--store', store, '--broker', broker.url, '--port', '0'])
  let out = ''
  verb.child.stdout?.on('data', (text) => {
    out += text
  })
  const address = await until('the address', () => /look at (http:\S+)/.exec(out)?.[1])
  const live = await fetch(`${address}api/live`)
  let heard = ''
  void (async () => {
    for await (const piece of live.body!) heard += Buffer.from(piece).toString()
  })().catch(() => {})
  await until('it is said', () => /no connection to the broker.*Nothing comes live until it is there/.test(heard))
  await broker.up()
  await until('the broker is found', () => heard.endsWith('event: notice\ndata: {}\n\n'))
  verb.child.kill('SIGTERM')
  t.equal((await verb.ended).code, 0)
})

t.test('it says where to look, serves the page, and ends', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const env = { BLINDSIGHT_VIEW_TOKEN: 'y'.repeat(32) }
  const verb = start(['view', '--broker', broker.url, '--port', '0', '--host', '0.0.0.0'], env)
  let out = ''
  verb.child.stdout?.on('data', (text) => {
    out += text
  })
  const port = await until('the address', () => /look at http:\/\/0\.0\.0\.0:(\d+)\//.exec(out)?.[1])
  t.equal((await fetch(`http://127.0.0.1:${port}/api/cameras`)).status, 401)
  const headers = { authorization: `Bearer ${env.BLINDSIGHT_VIEW_TOKEN}` }
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers })
  t.match(await page.text(), /page\.js/)
  verb.child.kill('SIGTERM')
  t.equal((await verb.ended).code, 0)
})
