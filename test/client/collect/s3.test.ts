// alone: the S3 service runs in this process, and logs by handlers of its own.
/** With an S3 service that is not ours. It keeps every object in a file. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openObjects } from '../../../client/collect/objects.js'
import { S3 } from '../../../client/collect/s3.js'
import { freePort } from '../mosquitto.js'
import { suite } from './objects-suite.js'

interface Server {
  run(): Promise<{ port: number }>
  close(): Promise<void>
}
const S3rver: new (options: object) => Server = createRequire(import.meta.url)('@20minutes/s3rver')

/** Requests that are not signed with this key are refused. */
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' })

async function service(t: Test): Promise<NodeJS.ProcessEnv> {
  const options = { address: '127.0.0.1', port: 0, silent: true, directory: join(t.testdir({}), 's3') }
  const server = new S3rver({ ...options, configureBuckets: [{ name: 'fleet' }] })
  const { port } = await server.run()
  t.teardown(() => server.close())
  return { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` }
}

suite('S3', async (t) => S3.open('s3://fleet/bits/all/', await service(t)))
suite('S3, without a prefix', async (t) => S3.open('s3://fleet', await service(t)))

t.test('a bucket that is not there is said at the start, a service that is away later', async (t) => {
  const env = await service(t)
  await t.rejects(S3.open('s3://none', env), { code: 'input', message: /no such bucket, s3:\/\/none, make it/ })
  const away = await S3.open('s3://fleet/a', { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${await freePort()}` })
  await t.rejects(away.put('gate-1/a.bsf', Uint8Array.of(1)), /^s3:\/\/fleet\/a\/gate-1\/a\.bsf: .*ECONNREFUSED/)
})

t.test('by address, and refused with another key', async (t) => {
  const env = await service(t)
  Object.assign(process.env, env, { AWS_SECRET_ACCESS_KEY: 'wrong' })
  const objects = await openObjects('s3://fleet/x')
  t.equal(objects?.name, 's3://fleet/x')
  await t.rejects(objects!.put('gate-1/a.bsf', Uint8Array.of(1)), /gate-1\/a\.bsf: .*signature/)
  await t.rejects(objects!.get('gate-1/a.bsf'), /signature/)
})
