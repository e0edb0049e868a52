/** Files that people write, as text: bounded, UTF-8, and what is wrong with them in words. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Nothing that anybody writes by hand is longer; /dev/zero is. */
const MOST_BYTES = 1_000_000
/** A pipe, for example of `--config <(decrypt FILE)`, may be silent for so long. */
const SILENT_MS = 5000
const LOOK_MS = 20

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const hasControlCharacter = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text)

/** @throws {Error} whose message goes behind the file's name */
export function readText(file: string): string {
  return decode(readBytes(file))
}

/** A password or user name from a file: editors and `echo` end it with a line break, which is not meant. @throws {Error} */
export function readSecret(file: string): string {
  const secret = readText(file).trim()
  if (secret === '') throw new Error('is empty; write the secret into it, on one line')
  if (hasControlCharacter(secret)) throw new Error('has more than one line; write the secret alone into it')
  return secret
}

function readBytes(file: string): Buffer {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK) // a pipe that nobody writes into would never open
  } catch (cause) {
    throw new Error(unreadable(cause as NodeJS.ErrnoException), { cause })
  }
  try {
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw new Error('is a folder; name the file in it')
    const bytes = Buffer.alloc(MOST_BYTES + 1)
    let length = 0
    for (let n = -1; n !== 0 && length < bytes.length; length += n) n = readPart(fd, bytes.subarray(length))
    if (length === 0 && stat.isFIFO()) throw new Error('is a pipe that nobody writes into; name a file')
    if (length > MOST_BYTES) throw new Error(`is longer than ${MOST_BYTES / 1e6} MB; is it the right file?`)
    return bytes.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

/** The bytes read, 0 at the end. @throws when a pipe stays silent */
function readPart(fd: number, into: Buffer): number {
  for (let ms = 0; ms < SILENT_MS; ms += LOOK_MS) {
    try {
      return readSync(fd, into, 0, into.length, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
  throw new Error('is a pipe or terminal out of which nothing comes; name a file')
}

const unreadable = (error: NodeJS.ErrnoException): string =>
  ({
    ENOENT: 'does not exist (no such file or directory)',
    ENOTDIR: 'does not exist: a part of the path is no folder',
    EACCES: `cannot be read: permission denied to user ${process.getuid?.() ?? ''}; let the service's user read it`,
    ELOOP: 'cannot be read: its symbolic links lead in a circle',
  })[error.code ?? ''] ?? `cannot be read (${error.message})`

/** A byte order mark goes; any other encoding is named rather than guessed. */
function decode(bytes: Buffer): string {
  const zero = bytes.indexOf(0)
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || (zero >= 0 && zero < 4))
    throw new Error('is UTF-16; save it as UTF-8')
  if (zero >= 0) throw new Error(`holds a NUL at byte ${zero}: no text; is it the right file?`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error(`is not UTF-8${lineOfFault(bytes)}; save it as UTF-8`)
  }
}

function lineOfFault(bytes: Buffer): string {
  for (let line = 1, from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from) < 0 ? bytes.length : bytes.indexOf(10, from)
    if (bytes.subarray(from, end).toString('utf8').includes('\ufffd')) return ` (line ${line})`
    from = end + 1
  }
  return ''
}
