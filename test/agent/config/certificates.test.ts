import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { certificateFaults } from '../../../agent/config/certificates.js'
import { openssl, selfSigned } from '../../certificates.js'

const dir = t.testdir({ text: 'no certificate\n' })
const at = (name: string) => join(dir, name)
for (const name of ['one', 'two']) selfSigned(dir, name)
openssl(dir, 'pkey', '-in', 'one.key', '-aes256', '-passout', 'pass:x', '-out', 'locked.key')
writeFileSync(at('cut.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')

const one = { certFile: at('one.pem'), keyFile: at('one.key') }

t.test('what belongs together passes', async (t) => {
  t.strictSame(certificateFaults({ caFile: at('two.pem'), ...one }), [])
  t.strictSame(certificateFaults({}), [])
})

t.test('the file that is wrong is named, and how', async (t) => {
  const cases: [Parameters<typeof certificateFaults>[0], string, RegExp][] = [
    [{ ...one, keyFile: at('two.key') }, 'keyFile', /two\.key is not the key of .*one\.pem/],
    [{ ...one, keyFile: at('locked.key') }, 'keyFile', /locked\.key .*passphrase/],
    [{ ...one, keyFile: at('one.pem') }, 'keyFile', /one\.pem .*but a certificate/],
    [{ ...one, certFile: at('one.key') }, 'certFile', /one\.key .*but a private key/],
    [{ caFile: at('text') }, 'caFile', /text .*PEM/],
    [{ caFile: at('cut.pem') }, 'caFile', /cut\.pem .*damaged/],
    [{ caFile: at('absent') }, 'caFile', /absent does not exist/],
    [{ caFile: dir }, 'caFile', /folder/],
    [{ certFile: at('one.pem') }, 'certFile', /keyFile too/],
    [{ keyFile: at('one.key') }, 'keyFile', /certFile too/],
  ]
  for (const [files, key, text] of cases) t.match(certificateFaults(files), [{ key, text }])
})
