/** Why ffmpeg ended, as a person understands it: the same fault always in the same words, which are a retained message. */
import { isAddress } from '../address.js'
import { isText, kindOf, pathOf } from './source.js'

export interface Ended {
  readonly reason: string
  /**
   * login: the camera refuses the user name or password; trying often locks accounts.
   * again: an option that this version of the program does not know, and that the next attempt leaves out.
   */
  readonly fault?: 'login' | 'again'
}

export const THE_END = 'the stream ended'
const LEADS_AWAY = 'the source leads to something that a camera may not lead to'

const ANSWERS: [RegExp, (source: string, found: RegExpExecArray) => string | Ended][] = [
  [/not on whitelist|not in allowed_extensions/i, () => LEADS_AWAY],
  [/moov atom not found/i, (source) => notVideo(source, 'not a whole video: its end is missing (invalid data)')],
  [/\[401\]|unauthori[sz]ed|auth(entication|orization) (failed|required)/i, refused],
  [/\[403\]|forbidden/i, () => 'the camera forbids it (403); may this user see the stream?'],
  [/\[404\]|stream not found/i, () => 'the camera has no such stream (404); check the path in the address'],
  [
    /\[461\]|unsupported transport|nonmatching transport/i,
    () => 'the camera does not offer this transport; set `transport: auto`',
  ],
  [/\[453\]|not enough bandwidth/i, () => 'the camera has no room for another viewer (453)'],
  [/\[(5\d\d|5XX)\]/, (_, found) => `the camera answered with an error of its own (${found[1]!.toLowerCase()})`],
  [/connection refused/i, () => 'connection refused; is the camera on, and the port right?'],
  [/failed to resolve hostname|name or service not known|name resolution/i, () => 'host name not found'],
  [/no route to host|host is unreachable|network is unreachable/i, () => 'no way to the camera (network unreachable)'],
  [/timed out/i, () => 'timed out: the camera does not answer'],
  [/connection reset|broken pipe|end of file/i, () => 'the camera closed the connection'],
  [/certificate|tls|handshake|gnutls|openssl/i, () => 'no secure connection (TLS) could be made'],
  [/protocol not found|unknown input format/i, (source) => `this ffmpeg was built without ${kindOf(source)}`],
  [/does not contain any stream|matches no streams|no streams/i, () => 'no video in it (sound only?)'],
  [/device or resource busy/i, () => 'in use by another program'],
  [/not a video capture device|inappropriate ioctl/i, (source) => `${pathOf(source)}: not a camera`],
  [/no such device/i, () => 'no such device'],
  // So version 7 calls the end of a raw stream: it cannot go back to the beginning.
  [/task finished with error code: -1 \(operation not permitted\)/i, () => THE_END],
  [/permission denied|operation not permitted/i, () => 'permission denied'],
  [/cannot allocate memory|out of memory/i, () => 'ffmpeg ran out of memory'],
  [/input\/output error/i, () => 'no connection (input/output error)'],
  [/invalid data|could not find codec|unknown format/i, (source) => notVideo(source)],
  // Version 5 says no more when an answer of http sends it on to file: or the like.
  [/\binvalid argument$/i, invalidArgument],
]

/** @param lines ffmpeg's stderr, its last lines  @param error what the process ended with */
export function reasonOf(source: string, error: Error, lines: readonly string[]): Ended {
  const message = error.message.split('\n')[0]!
  if (/ENOENT|cannot find ffmpeg/i.test(message)) return { reason: NOT_INSTALLED }
  const signal = /signal (SIG\w+)/.exec(message)?.[1]
  if (signal) return { reason: `ffmpeg was killed (${signal}${signal === 'SIGKILL' ? '; out of memory?' : ''})` }
  const faults = lines.filter((line) => /\[(error|fatal|panic)\]|^setpriv: /.test(line)).map(plain)
  // What went wrong first is the cause, what ffmpeg says last is often no more than that it failed.
  for (const line of faults) {
    for (const [pattern, say] of ANSWERS) {
      const found = pattern.exec(said(line, source))
      if (!found) continue
      const answer = say(source, found)
      return typeof answer === 'string' ? { reason: answer } : answer
    }
  }
  return { reason: faults.at(-1) ?? 'ffmpeg failed' }
}

/** A line without addresses and paths, whose words and numbers read like answers, and with a server's answer as [404]. */
function said(line: string, source: string): string {
  const path = pathOf(source)
  const names = isAddress(source) ? [source, `file:${path}`] : [`file:${path}`, `${path}:`]
  const bare = names.reduce((text, name) => text.replaceAll(name, ''), line)
  return bare
    .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"]*/gi, '')
    .replace(/(hostname) \S+/i, '$1')
    .replace(/(failed:|error|returned|status|reply|(?:RTSP|HTTP)\/\d\.\d) (\d{3}|5XX)\b/i, '[$2]')
}

export const NOT_INSTALLED = 'ffmpeg is not installed: sudo apt-get install ffmpeg'

function refused(source: string): Ended {
  const given = /^[a-z0-9+.-]+:\/\/[^/?#]*@/i.test(source)
  return {
    reason: given
      ? 'the camera refuses the user name or password (401 Unauthorized)'
      : 'the camera wants a user name and password (401 Unauthorized)',
    fault: 'login',
  }
}

/** Of http, version 5 says no more where an answer leads to file: or the like. */
function invalidArgument(source: string): string {
  const kind = kindOf(source)
  if (kind === 'http') return LEADS_AWAY
  if (kind === 'v4l2') return `${pathOf(source)}: does not offer this size, rate or inputFormat (invalid argument)`
  return 'cannot be opened as it is written (invalid argument)'
}

function notVideo(source: string, otherwise = 'not a video that ffmpeg can read (invalid data)'): string {
  if (kindOf(source) !== 'file') return 'what comes is no video that ffmpeg can read (invalid data)'
  const path = pathOf(source)
  return `${path}: ${isText(path) ? 'a text file, not a video (invalid data)' : otherwise}`
}

/** Without what differs from one run to the next: pointers, process numbers, addresses of the other side's port. */
const plain = (line: string): string =>
  line
    .replace(/\[[^\]]*@ 0x[0-9a-f]+\]\s*/gi, '')
    .replace(/\[(error|fatal|panic)\]\s*/g, '')
    .replace(/\b0x[0-9a-f]+\b/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
