/** Who may look: named tokens, compared in constant time, and the cookie that stands for one afterwards. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Failure } from '../failure.js'

export interface Viewer {
  readonly name: string
  readonly token: string
}

export const COOKIE = 'blindsight_view'
const LEAST_LENGTH = 16

/** A token a line, before it the name of who has it if wanted; empty lines and those with # are passed over. @throws {Failure} input */
export function readTokens(text: string, where: string): Viewer[] {
  const lines = text.split('\n').map((line) => line.trim())
  const viewers = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const words = line.split(/\s+/)
      if (words.length > 2) throw new Failure('input', `no token, ${where}, expected TOKEN or NAME TOKEN on each line`)
      const token = words.at(-1)!
      const name = words.length === 2 ? words[0] : 'token'
      if (token.length < LEAST_LENGTH)
        throw new Failure('input', `token too short, ${where}, of ${name}: at least ${LEAST_LENGTH} characters`)
      return { name, token }
    })
  if (viewers.length === 0) throw new Failure('input', `no token in it, ${where}, write one, as openssl rand -hex 24`)
  return viewers
}

export class Doorkeeper {
  constructor(private readonly viewers: readonly Viewer[]) {}

  /** Every token is compared, so that the time says nothing of which was near. */
  byToken(given: string): Viewer | undefined {
    return this.viewers.filter(({ token }) => same(given, token))[0]
  }

  byCookie(header: string | undefined): Viewer | undefined {
    const given = cookieOf(header)
    if (given === undefined) return undefined
    return this.viewers.filter(({ token }) => same(given, cookieValue(token)))[0]
  }

  /**
   * Not the token itself: what a browser keeps opens this server alone. No expiry: gone with the browser's session.
   * @param secure the browser has come by TLS, and is never to send it without
   */
  cookie({ token }: Viewer, secure: boolean): string {
    // Lax and not Strict: a link to a moment that came by mail must open.
    return `${COOKIE}=${cookieValue(token)}; HttpOnly; SameSite=Lax; Path=/${secure ? '; Secure' : ''}`
  }
}

const cookieValue = (token: string): string => createHmac('sha256', token).update('blindsight view').digest('hex')

function cookieOf(header = ''): string | undefined {
  for (const pair of header.split(';')) {
    const [name, value] = pair.trim().split('=')
    if (name === COOKIE && value) return value
  }
  return undefined
}

/** Hashes have one length, which timingSafeEqual wants, whatever was given. */
function same(given: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(right))
}
