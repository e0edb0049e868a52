/** An address, device or file as somebody typed it, with its login taken out of it. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { AddressError, formatAddress, isAddress, parseAddress } from '../address.js'
import { isPipeline, wrongPipeline } from '../config/pipeline.js'
import { type Login, wrongSecret } from './draft.js'

export interface Typed extends Login {
  readonly source: string
}

/** @returns what is wrong with it, as a text */
export function readSource(text: string): Typed | string {
  const source = text.trim()
  if (source === '') return 'write an address, a device or a file'
  if (isPipeline(source)) return wrongPipeline(source) ?? { source }
  if (!isAddress(source)) {
    if (source.startsWith('/dev/')) return { source }
    if (!existsSync(source)) return 'no such file here; an address begins with rtsp:// or another scheme'
    // The service runs in another folder.
    return { source: resolve(source) }
  }
  if (/^file:/i.test(source)) return { source }
  try {
    const { username, password, ...address } = parseAddress(source)
    if (address.host === '') return 'no host in the address'
    if (!username && !password) return { source }
    const wrong = password && wrongSecret(password)
    if (wrong) return `the password ${wrong}`
    return { source: formatAddress(address), ...(username && { username }), ...(password && { password }) }
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause
    return `${cause.message}; or leave name and password out, they are asked for`
  }
}

/** A broker's address in the same way. */
export function readBroker(text: string): { url: string; username?: string; password?: string } | string {
  const typed = text.trim()
  const url = isAddress(typed) ? typed : `mqtt://${typed}`
  if (!/^(mqtts?|wss?):\/\/./.test(url)) return 'expected mqtt://host:port or mqtts://host:port'
  const read = readSource(url)
  if (typeof read === 'string') return read
  const { source, username, password } = read
  return { url: source, ...(username && { username }), ...(password && { password }) }
}
