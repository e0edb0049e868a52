/** Certificates and keys: read at every connection, so that renewed ones are taken up, and named when one of them is the trouble. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { messageOf } from '../errors.js'

export interface TlsFiles {
  readonly url: string
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

export interface Credentials {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** @throws {Error} that names the key of the configuration, the file and what is wrong with it */
export function readCredentials(files: TlsFiles): Credentials {
  const read = (key: 'caFile' | 'certFile' | 'keyFile') => {
    const path = files[key]
    if (!path) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      throw new Error(
        `mqtt.${key} ${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)})`,
      )
    }
  }
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')]
  if (ca && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`mqtt.caFile ${files.caFile}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  const check = (parts: Credentials, says: (reason: string) => string) => {
    try {
      createSecureContext(parts)
    } catch (error) {
      throw new Error(says(messageOf(error)))
    }
  }
  if (ca) check({ ca }, (why) => `mqtt.caFile ${files.caFile}: no certificate that can be read (${why})`)
  if (cert) check({ cert }, (why) => `mqtt.certFile ${files.certFile}: no certificate that can be read (${why})`)
  if (key)
    check(
      { key },
      (why) =>
        `mqtt.keyFile ${files.keyFile}: no private key that can be read, a key with a passphrase among them (${why})`,
    )
  if (cert && key)
    check(
      { cert, key },
      () =>
        `mqtt.keyFile ${files.keyFile}: this key does not belong to the certificate in mqtt.certFile ${files.certFile}`,
    )
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

const UNKNOWN_ISSUER = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
])

/** What a failed handshake means, and which file or key to look at; undefined when it is not about certificates. */
export function explainTls(error: NodeJS.ErrnoException, files: TlsFiles): string | undefined {
  const { code = '', message } = error
  if (UNKNOWN_ISSUER.has(code))
    return files.caFile
      ? `the broker's certificate is not signed by mqtt.caFile ${files.caFile} (${code})`
      : `nobody that this box knows signed the broker's certificate (${code}); set mqtt.caFile to the certificate of its authority`
  // The day and not the moment: the same fault is the same text, here and in the log.
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the broker's certificate, or one in mqtt.caFile, ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'} by this box's clock, which is at ${new Date().toISOString().slice(0, 10)}; renew it, or set the clock`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the broker's certificate is for another name (${message}); use in mqtt.url the name that stands in it`
  if (code === 'CERT_REVOKED') return "the broker's certificate has been revoked"
  if (/alert/i.test(message) && /certificate|unknown ca|handshake failure|access denied/i.test(message))
    return files.certFile
      ? `the broker does not take the certificate in mqtt.certFile ${files.certFile} (${alertOf(message)})`
      : `the broker wants a client certificate (${alertOf(message)}); set mqtt.certFile and mqtt.keyFile`
  if (/wrong version number|packet length too long|http request/i.test(message))
    return 'the port does not speak TLS; use mqtt:// for it, or the port that does (usually 8883)'
  return undefined
}

/** OpenSSL's words without pointers and source files. */
const alertOf = (message: string) => /alert [a-z ]+|[a-z]+v?\d* alert [a-z ]+/i.exec(message)?.[0].trim() ?? 'TLS alert'
