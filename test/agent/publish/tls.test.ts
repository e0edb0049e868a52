/** Certificates of our own making, real handshakes: which file or key of the configuration is named. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { type Broker, Link } from '../../../agent/publish/mqtt.js'
import { explainTls, readCredentials } from '../../../agent/publish/tls.js'
import { selfSigned } from '../../certificates.js'

const dir = mkdtempSync(join(tmpdir(), 'blindsight-pki-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
const file = (name: string) => join(dir, name)
selfSigned(dir, 'broker', 'localhost')
selfSigned(dir, 'elsewhere', 'broker.example')
selfSigned(dir, 'box')
writeFileSync(file('rubbish.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')

async function server(t: Test, name: string, more: TlsOptions = {}): Promise<string> {
  const options = { cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)), ...more }
  const tls = createServer(options, (socket) => socket.on('error', () => {}).resume())
  tls.on('tlsClientError', () => {})
  await once(tls.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => tls.close())
  return `mqtts://localhost:${(tls.address() as { port: number }).port}`
}

const will = { topic: 'box/state', payload: '{}', delaySeconds: 0 }
const refused = async (broker: Partial<Broker> & { url: string }): Promise<string> => {
  const error = await Link.connect({ keepaliveSeconds: 30, ...broker }, 'box', will).catch((e: Error) => e)
  return (error as Error).message
}

t.test('an issuer that nobody knows', async (t) => {
  const url = await server(t, 'broker')
  t.match(await refused({ url }), /nobody that this box knows.*set mqtt\.caFile/)
  t.match(await refused({ url, caFile: file('elsewhere.pem') }), `not signed by mqtt.caFile ${file('elsewhere.pem')}`)
})

t.test('a certificate for another name', async (t) => {
  const url = await server(t, 'elsewhere')
  t.match(await refused({ url, caFile: file('elsewhere.pem') }), /for another name.*broker\.example/)
})

t.test('a broker that wants a certificate of ours, or another one', async (t) => {
  const more = {
    requestCert: true,
    rejectUnauthorized: true,
    ca: readFileSync(file('broker.pem')),
    maxVersion: 'TLSv1.2',
  }
  const url = await server(t, 'broker', more as TlsOptions)
  const caFile = file('broker.pem')
  const own = { caFile, certFile: file('box.pem'), keyFile: file('box.key') }
  // Node's server closes where OpenSSL's sends an alert.
  t.match(await refused({ url, ...own }), /certificate|closed the connection|ECONNRESET|disconnected/)
})

t.test('a port that does not speak TLS', async (t) => {
  const plain = createPlain((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await once(plain.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => plain.close())
  const { port } = plain.address() as { port: number }
  t.match(await refused({ url: `mqtts://localhost:${port}` }), /does not speak TLS/)
})

t.test('files: not there, rubbish, and a key of another certificate', async (t) => {
  const url = 'mqtts://localhost:8883'
  t.match(await refused({ url, caFile: file('no.pem') }), `mqtt.caFile ${file('no.pem')}: cannot be read (ENOENT)`)
  t.match(await refused({ url, caFile: file('box.key') }), /mqtt\.caFile.*holds no certificate/)
  t.throws(
    () => readCredentials({ url, certFile: file('rubbish.pem') }),
    /mqtt\.certFile.*no certificate that can be read/,
  )
  t.throws(() => readCredentials({ url, keyFile: file('box.pem') }), /mqtt\.keyFile.*no private key that can be read/)
  const pair = { url, certFile: file('box.pem'), keyFile: file('broker.key') }
  t.match(
    await refused(pair),
    /mqtt\.keyFile \S+broker\.key: this key does not belong to the certificate in mqtt\.certFile/,
  )
})

t.test('expired, not yet valid, and what a broker says of our certificate', async (t) => {
  const say = (code: string, message = '', more = {}) =>
    explainTls(Object.assign(new Error(message), { code }), { url: 'mqtts://b:1', ...more })
  t.match(say('CERT_HAS_EXPIRED'), /has expired by this box's clock, which is at \d{4}-\d\d-\d\d;/)
  t.match(say('CERT_NOT_YET_VALID'), /not valid yet by this box's clock/)
  const alert =
    '40B71D:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/x.c:1590:SSL alert number 116'
  t.match(say('ERR_SSL', alert), /wants a client certificate.*set mqtt\.certFile/)
  t.match(say('ERR_SSL', alert, { certFile: '/c.pem' }), /does not take the certificate in mqtt\.certFile \/c\.pem/)
  t.notMatch(say('ERR_SSL', alert), /40B71D|deps/)
  t.equal(say('ECONNREFUSED', 'connect ECONNREFUSED'), undefined)
})
