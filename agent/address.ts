/**
 * An address (rtsp://name:password@host/path), read once into its parts. People put passwords in as they are, with / ? # @
 * and blanks, which end a part of an address; where only one reading makes sense it is taken, else the character is named.
 * What leaves this process (retained state, log, doctor) is made of the parts, without those that are secret.
 */

import { isPipeline, shownPipeline } from './config/pipeline.js'

export interface Address {
  readonly scheme: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** With the port, if there is one. */
  readonly host: string
  /** Path and query, as they were written. */
  readonly rest: string
}

/** Its message holds nothing of the address that is secret. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const HOST = /^(\[[0-9a-f:.%]+\]|[^\s:/?#@[\]]+)(:\d{1,5})?$/i
const IP = /^(\[[0-9a-f:.%]+\]|\d{1,3}(\.\d{1,3}){3})(:\d{1,5})?$/i
/** A host rather than a word within a password. */
const CLEAR_HOST = /^(\[[0-9a-f:.%]+\]|localhost|[^\s:/?#@]*\.[^\s:/?#@]*)(:\d{1,5})?$/i

export const isAddress = (text: string): boolean => SCHEME.test(text)

/** A path from its beginning (/…, ./…), with nothing like name:password@ in it. */
export const isWholePath = (text: string): boolean => /^\.{0,2}\/(?!\/)/.test(text) && !/:.*@/.test(text)

/** @throws {AddressError} */
export function parseAddress(text: string): Address {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (!scheme) throw new AddressError('no address: it begins with scheme://')
  const body = text.slice(scheme.length + 3)
  if (scheme === 'file' && body.startsWith('/')) return { scheme, host: '', rest: body }
  const split = splitLogin(body)
  const [, host = '', rest = ''] = /^([^/?#]*)(.*)$/s.exec(split.after)!
  const port = /:(\d+)$/.exec(host)?.[1]
  if (port && !(Number(port) > 0 && Number(port) < 65_536)) throw new AddressError('a port is a number from 1 to 65535')
  if (scheme !== 'file' && !HOST.test(host) && !(host.startsWith(':') || (host.startsWith('@') && scheme === 'udp')))
    throw new AddressError(host === '' ? 'no host in the address' : 'no host and port that can be read in the address')
  if (split.login === undefined) return { scheme, host, rest }
  const colon = split.login.indexOf(':')
  const [name, password] = colon < 0 ? [split.login] : [split.login.slice(0, colon), split.login.slice(colon + 1)]
  return {
    scheme,
    username: decoded(name!),
    ...(password !== undefined && { password: decoded(password) }),
    host,
    rest,
  }
}

/** Where the login ends: at the @ behind which a host stands. */
function splitLogin(body: string): { login?: string; after: string } {
  const hostAfter = (at: number) => /^[^/?#]*/.exec(body.slice(at + 1))![0]
  const followed = [...body.matchAll(/@/g)].map(({ index }) => index).filter((at) => hostAfter(at) !== '')
  const possible = followed.filter((at) => HOST.test(hostAfter(at)))
  const authority = /^[^/?#]*/.exec(body)![0]
  const strict = authority.lastIndexOf('@')
  const last = followed.at(-1) ?? -1
  const at = (index: number) => ({ login: body.slice(0, index), after: body.slice(index + 1) })
  if (strict >= 0) {
    // What stands between the two may be a path, or the rest of a password, which must not be taken for one.
    if (last > strict) throw ambiguous(body, strict, last)
    return at(strict)
  }
  if (last < 0) return { after: body }
  // Also where what follows the @ is no host: it may be one with a slip in it.
  if (HOST.test(authority) && body[authority.length] !== '#') {
    // name:1234 is a host with its port, or a name and the beginning of a password; nobody's name is an IP address.
    if (/[^\]]:\d+$/.test(authority) && !IP.test(authority)) throw ambiguous(body, authority.length - 1, last)
    return { after: body }
  }
  if (possible.length === 0) return { after: body }
  const others = possible.filter((one) => one !== last)
  const clear = (one: number) => CLEAR_HOST.test(hostAfter(one))
  if (others.length > 0 && (!clear(last) || others.some(clear))) throw ambiguous(body, -1, last)
  return at(last)
}

function ambiguous(body: string, from: number, to: number): AddressError {
  const found = /[/?#@]/.exec(body.slice(from + 1, to))?.[0] ?? '@'
  const code = encodeURIComponent(found)
  return new AddressError(
    `can be read in two ways: a ${found} that belongs to the password is written ${code}, an @ behind the host %40 (or use username and password keys)`,
  )
}

/** As programs read it: name and password percent-encoded. */
export function formatAddress({ scheme, username, password, host, rest }: Address): string {
  const login =
    username === undefined ? '' : `${encoded(username)}${password === undefined ? '' : `:${encoded(password)}`}@`
  return `${scheme}://${login}${host}${rest.replaceAll(' ', '%20')}`
}

/** As others may see it: no login, no values of a query, no stream key, nothing of a path that assigns a value. */
export function shownAddress({ scheme, host, rest }: Address): string {
  const [, path = '', query = ''] = /^([^?#]*)(.*)$/s.exec(rest)!
  const parts = path.split('/')
  const shown = parts.map((part, i) =>
    part.includes('=') || (scheme.startsWith('rtmp') && i > 1 && part) ? '…' : part,
  )
  return `${scheme}://${host}${shown.join('/')}${query.length > 1 ? '?…' : ''}`
}

/**
 * A text without the secrets of the addresses in it. Where an address cannot be read, or lacks its scheme or a slash, all
 * before its last @ goes.
 */
export function withoutSecrets(text: string): string {
  const address = isAddress(text) && read(text)
  if (address) return shownAddress(address)
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]+|[^\s'"<>:]+:(?!\/\/)[^\s'"<>]*@/gi, (found) => {
    if (!isAddress(found)) return '…@'
    const [, core = '', end = ''] = /^(.*?)([:,;.)]*)$/s.exec(found)!
    return shownSource(core) + end
  })
}

/** An address, path or device as others may see it, and what was meant to be one. */
export function shownSource(source: string): string {
  if (isPipeline(source)) return shownPipeline(source)
  const address = read(source)
  if (address) return shownAddress(address)
  if (isWholePath(source) || !/[@:]/.test(source)) return source
  const [, scheme = '', body = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(source)!
  const last = body.lastIndexOf('@')
  const rest = last < 0 ? body : `${scheme ? '' : '…@'}${body.slice(last + 1)}`
  return `${scheme}${rest.replace(/\?.*/s, '?…')}`
}

function read(text: string): Address | undefined {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}

/** A text that was made by a program that knows `source`: its login, query and keys go wherever they stand in it. */
export function redactor(source: string): (text: string) => string {
  const parsed = read(source)
  if (!parsed) return (text) => withoutSecrets(text.replaceAll(source, shownSource(source)))
  const { username, password, rest } = parsed
  const query = rest.slice(rest.indexOf('?') + 1)
  const values = rest.includes('?') ? query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1)) : []
  const key = parsed.scheme.startsWith('rtmp') ? rest.split(/[/?]/).slice(2) : []
  const login =
    username === undefined ? [] : [`${username}:${password}@`, `${encoded(username)}:${encoded(password ?? '')}@`]
  // What is short stands everywhere; within the login, the query and the address it goes all the same.
  const alone = [password ?? '', ...values, ...key]
    .flatMap((v) => [v, encoded(v), decoded(v)])
    .filter((v) => v.length > 3)
  const secrets = [...new Set([...(rest.includes('?') && query ? [query] : []), ...alone])].sort(
    (a, b) => b.length - a.length,
  )
  return (text) => {
    let clean = text.replaceAll(source, shownAddress(parsed)).replaceAll(formatAddress(parsed), shownAddress(parsed))
    for (const part of login) clean = clean.replaceAll(part, '')
    clean = withoutSecrets(clean)
    for (const secret of secrets) clean = clean.replaceAll(secret, '…')
    return clean
  }
}

/** Some programs take a ' or a ( for the end of an argument. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** %40 is @; a % that begins no code is just that. */
function decoded(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (codes) => {
    try {
      return decodeURIComponent(codes)
    } catch {
      return codes
    }
  })
}
