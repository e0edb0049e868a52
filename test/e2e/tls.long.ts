/** A broker that wants to know who comes: a user name and password, or a client certificate. Without them nobody gets in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { selfSigned, signed } from '../certificates.js'
import { freePort, Mosquitto } from '../client/mosquitto.js'
import { blindsight, Program } from './program.js'
import { committed, configFile } from './setting.js'
import { until } from './until.js'

t.test('TLS with client certificates', async (t) => {
  const pki = mkdtempSync(join(tmpdir(), 'blindsight-pki-'))
  t.teardown(() => rmSync(pki, { recursive: true, force: true }))
  selfSigned(pki, 'ca')
  for (const name of ['broker', 'box', 'viewer']) signed(pki, 'ca', name, name === 'broker' ? 'localhost' : name)
  const port = await freePort()
  const files = ['cafile ca.pem', 'certfile broker.pem', 'keyfile broker.key'].map((l) => l.replace(' ', ` ${pki}/`))
  const tls = [`listener ${port} 127.0.0.1`, ...files, 'require_certificate true', 'use_identity_as_username true']
  const broker = await Mosquitto.start({ config: tls })
  t.teardown(() => broker.stop())

  const dir = t.testdir()
  const url = `mqtts://localhost:${port}`
  const mqtt = { caFile: join(pki, 'ca.pem'), certFile: join(pki, 'box.pem'), keyFile: join(pki, 'box.key') }
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: url, mqtt })])
  t.teardown(() => agent.kill())
  const viewer = ['--ca', join(pki, 'ca.pem'), '--cert', join(pki, 'viewer.pem'), '--key', join(pki, 'viewer.key')]
  const seen = await blindsight(['subscribe', '--broker', url, ...viewer, '--json', '--count', '4', '--timeout', '600'])
  t.equal(seen.code, 0, seen.err)
  t.equal(seen.out.trim().split('\n').length, 4)

  const bare = await blindsight(['subscribe', '--broker', url, '--ca', mqtt.caFile, '--count', '1', '--timeout', '600'])
  t.equal(bare.code, 4, bare.err)
  const stranger = await blindsight(['subscribe', '--broker', url, '--count', '1', '--timeout', '600'])
  t.equal(stranger.code, 4, stranger.err)
  t.match(stranger.err, /certificate.*--ca/i, 'a broker that nobody vouches for is not spoken to')
  for (const { err } of [bare, stranger]) t.notMatch(err, /^\s+at /m)
  await until('results that the broker has acknowledged', () => committed(dir).length > 4)
  t.equal((await agent.terminate()).code, 0)
})

t.test('user name and password', async (t) => {
  const broker = await Mosquitto.start({ user: { name: 'gate', password: 'p@ss:w%rd' } })
  t.teardown(() => broker.stop())
  const viewer = ['--broker', broker.url, '--username', 'gate', '--json', '--count', '4', '--timeout', '600']
  const withLogin = (login: string) => broker.url.replace('//', `//${login}@`)
  const ways: Record<string, (dir: string) => Promise<string>> = {
    'in a file': (dir) => {
      writeFileSync(join(dir, 'password'), 'p@ss:w%rd\n', { mode: 0o600 })
      return configFile(dir, { broker: broker.url, mqtt: { username: 'gate', passwordFile: join(dir, 'password') } })
    },
    'in the address': (dir) => configFile(dir, { broker: withLogin('gate:p%40ss%3Aw%25rd') }),
  }
  for (const [way, write] of Object.entries(ways)) {
    await t.test(way, async (t) => {
      const dir = t.testdir()
      const config = await write(dir)
      const agent = Program.start(['run', '--config', config])
      t.teardown(() => agent.kill())
      const seen = await blindsight(['subscribe', ...viewer], { BLINDSIGHT_MQTT_PASSWORD: 'p@ss:w%rd' })
      t.equal(seen.code, 0, seen.err)
      const checked = await blindsight(['check-config', '--config', config])
      t.equal(checked.code, 0, checked.err)
      const end = await agent.terminate()
      t.equal(end.code, 0)
      t.match(end.err, broker.url)
      for (const text of [end.err, checked.out, checked.err]) t.notMatch(text, /p(@|%40)ss/, 'nobody reads it in a log')
    })
  }
})
