/** Keys and certificates for tests, NAME.key and NAME.pem in a folder, made by openssl. */
import { execFileSync } from 'node:child_process'
import { tool } from './tool.js'

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export function openssl(dir: string, ...args: string[]): void {
  execFileSync(tool('openssl'), args, { cwd: dir, stdio: 'pipe' })
}

/** Signed by itself; valid for two days. */
export function selfSigned(dir: string, name: string, host = name): void {
  const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
  openssl(dir, 'req', '-x509', '-days', '2', ...NEW_KEY, ...files, ...names)
}

/** Signed by another that is there. */
export function signed(dir: string, authority: string, name: string, host = name): void {
  openssl(dir, 'req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`)
  const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial']
  openssl(dir, 'x509', '-req', '-days', '2', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`)
}
