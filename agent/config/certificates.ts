/** The files of a TLS connection, read before anything is started: which of them is wrong, and how. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { messageOf } from '../errors.js'
import { readText } from './text.js'

type Key = 'caFile' | 'certFile' | 'keyFile'
export interface CertificateFault {
  readonly key: Key
  readonly text: string
}

export function certificateFaults(files: { readonly [K in Key]?: string | undefined }): CertificateFault[] {
  const faults: CertificateFault[] = []
  const tried = <T>(key: Key, read: (text: string) => T): T | undefined => {
    const file = files[key]
    if (file === undefined) return undefined
    try {
      return read(readText(file))
    } catch (error) {
      faults.push({ key, text: `${file} ${messageOf(error)}` })
      return undefined
    }
  }
  if (!files.certFile !== !files.keyFile) {
    const [there, other] = files.certFile ? (['certFile', 'keyFile'] as const) : (['keyFile', 'certFile'] as const)
    faults.push({ key: there, text: `certFile and keyFile belong together; name ${other} too` })
  }
  tried('caFile', certificate)
  const cert = tried('certFile', certificate)
  const key = tried('keyFile', privateKey)
  if (cert && key && !cert.checkPrivateKey(key))
    faults.push({ key: 'keyFile', text: `${files.keyFile} is not the key of the certificate in ${files.certFile}` })
  return faults
}

function certificate(text: string): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('-----BEGIN TRUSTED CERTIFICATE-----'))
    throw new Error(
      `holds no certificate in PEM form${/PRIVATE KEY-----/.test(text) ? ', but a private key' : ' (-----BEGIN CERTIFICATE-----)'}`,
    )
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw new Error(`holds a damaged certificate (${messageOf(cause)})`, { cause })
  }
}

function privateKey(text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new Error('is locked with a passphrase; write it without one: openssl pkey -in FILE -out FILE2')
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new Error(
      `holds no private key in PEM form${text.includes('BEGIN CERTIFICATE') ? ', but a certificate' : ' (-----BEGIN PRIVATE KEY-----)'}`,
    )
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw new Error(`holds a damaged private key (${messageOf(cause)})`, { cause })
  }
}
