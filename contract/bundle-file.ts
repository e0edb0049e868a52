/**
 * A bundle as it is handed over: a folder like models/bundles/field-1, or a tar of one (.tar, .tar.gz). It comes from elsewhere, so
 * nothing is unpacked: it is read into memory within limits, and only files that the manifest names, by its hashes, come out.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Header, Parser, type ReadEntry } from 'tar'
import { type BundleFile, divided, type Manifest, readManifest } from './bundle.js'
import { BundleError } from './bundle-error.js'
import { SIGNATURE_FILE } from './bundle-signature.js'

/** field-1 with all its files has 17.8 MB. */
export const MOST_BYTES = 40_000_000
const MOST_FILES = 32
export const MOST_MANIFEST_BYTES = 65_536
export const MOST_SIGNATURE_BYTES = 1024

export interface LooseBundle {
  readonly manifest: Manifest
  readonly manifestBytes: Buffer
  /** Of the manifest, which names the bundle. */
  readonly sha256: string
  readonly signature: Buffer | undefined
  /** What belongs on a box, checked. */
  readonly files: readonly (BundleFile & { readonly data: Buffer })[]
  /** What came along and does not belong there. */
  readonly leftOut: readonly string[]
}

type Entries = Map<string, () => Buffer>

/** @throws {BundleError} with what is wrong with it */
export async function readLoose(path: string): Promise<LooseBundle> {
  const entries = entriesOf(path)
  const manifestBytes = entries.get('manifest.json')?.()
  if (!manifestBytes)
    throw new BundleError(
      'file',
      `${path}: no bundle: there is no manifest.json in it; name a bundle's folder, or a tar of one`,
    )
  if (manifestBytes.length > MOST_MANIFEST_BYTES)
    throw new BundleError('file', `${path}: its manifest.json is larger than ${MOST_MANIFEST_BYTES} bytes`)
  const where = `${path}: manifest.json`
  const manifest = readManifest(manifestBytes, where)
  const { box, elsewhere } = divided(manifest, where)
  const known = new Set(['manifest.json', SIGNATURE_FILE, ...box.map(({ name }) => name), ...elsewhere])
  const beside = [...entries.keys()].filter((name) => !known.has(name))
  if (beside.length > 0)
    throw new BundleError(
      'file',
      `${path}: holds what its manifest does not name: ${beside.slice(0, 3).map(shown).join(', ')}${beside.length > 3 ? ', …' : ''}; take it out`,
    )
  const signature = entries.get(SIGNATURE_FILE)?.()
  if (signature && signature.length > MOST_SIGNATURE_BYTES)
    throw new BundleError('file', `${path}: its ${SIGNATURE_FILE} is larger than ${MOST_SIGNATURE_BYTES} bytes`)
  return {
    manifest,
    manifestBytes,
    sha256: hashOf(manifestBytes),
    signature,
    files: box.map((file) => ({ ...file, data: checked(path, file, entries.get(file.name)?.()) })),
    leftOut: elsewhere.filter((name) => entries.has(name)),
  }
}

/** A tar of it, gzipped: the same bytes every time. */
export function packLoose({ manifestBytes, signature, files }: LooseBundle): Buffer {
  const all = [
    { name: 'manifest.json', data: manifestBytes },
    ...(signature ? [{ name: SIGNATURE_FILE, data: signature }] : []),
    ...files,
  ]
  const blocks = all.flatMap(({ name, data }) => {
    const header = new Header({ path: name, size: data.length, mode: 0o644, mtime: new Date(0), type: 'File' })
    const block = Buffer.alloc(512)
    header.encode(block)
    return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512)]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

function checked(path: string, { name, bytes, sha256 }: BundleFile, data: Buffer | undefined): Buffer {
  if (!data)
    throw new BundleError('missing', `${path}: ${name} is missing, which its manifest names; the bundle is not whole`)
  if (data.length === bytes && hashOf(data) === sha256) return data
  throw new BundleError(
    'hash',
    `${path}: ${name} has ${data.length} bytes, SHA-256 ${hashOf(data).slice(0, 12)}…; the manifest says ${bytes} bytes, ${sha256.slice(0, 12)}…: damaged, or of another bundle`,
  )
}

function entriesOf(path: string): Entries {
  try {
    return statSync(path).isDirectory() ? inFolder(path) : inTar(path)
  } catch (cause) {
    if (cause instanceof BundleError) throw cause
    throw new BundleError('file', `${path}: cannot be read (${(cause as Error).message})`, { cause })
  }
}

function inFolder(path: string): Entries {
  const entries: Entries = new Map()
  let bytes = 0
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const file = join(path, name)
    const found = lstatSync(file)
    if (found.isDirectory()) continue
    if (!found.isFile()) throw notPlain(path, name, found.isSymbolicLink() ? 'a link' : 'no plain file')
    bytes += found.size
    entries.set(name, () => readFileSync(file))
    bounded(path, entries.size, bytes)
  }
  return entries
}

function inTar(path: string): Entries {
  const found: Entries = new Map()
  let bytes = 0
  for (const { name, data } of filesIn(path, plainTar(path))) {
    bytes += data.length
    if (found.has(name)) throw new BundleError('file', `${path}: ${shown(name)} is in it twice`)
    found.set(name, () => data)
    bounded(path, found.size, bytes)
  }
  if (found.has('manifest.json')) return found
  // As `tar -czf FILE FOLDER` writes it.
  const [first = ''] = found.keys()
  const folder = `${first.split('/')[0]}/`
  if (![...found.keys()].every((name) => name.startsWith(folder))) return found
  return new Map([...found].map(([name, read]) => [name.slice(folder.length), read]))
}

/** Not more than may be in it, whatever it claims to be. */
function plainTar(path: string): Buffer {
  const most = MOST_BYTES + 2 ** 20
  if (statSync(path).size > most) throw tooLarge(path)
  const packed = readFileSync(path)
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed
  try {
    return gunzipSync(packed, { maxOutputLength: most })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path)
    throw new BundleError('file', `${path}: is cut short or damaged (${(cause as Error).message}); copy it again`, {
      cause,
    })
  }
}

function filesIn(path: string, tar: Buffer): { name: string; data: Buffer }[] {
  const files: { name: string; data: Buffer }[] = []
  let fault: unknown
  const parser = new Parser({ strict: true, maxMetaEntrySize: 65_536 })
  parser.on('error', (error) => {
    fault ??= error
  })
  parser.on('entry', (entry: ReadEntry) => {
    const parts: Buffer[] = []
    entry.on('data', (part: Buffer) => parts.push(part))
    entry.on('end', () => {
      try {
        const name = nameOf(path, entry)
        if (name !== undefined) files.push({ name, data: Buffer.concat(parts) })
        bounded(path, files.length, 0)
      } catch (error) {
        fault ??= error
      }
    })
  })
  parser.end(tar)
  if (fault instanceof BundleError) throw fault
  if (fault)
    throw new BundleError(
      'file',
      `${path}: no tar that can be read (${(fault as Error).message}); expected .tar or .tar.gz`,
      {
        cause: fault,
      },
    )
  return files
}

/** undefined: a folder, which says nothing. */
function nameOf(path: string, { path: name, type }: ReadEntry): string | undefined {
  if (type !== 'File' && type !== 'OldFile' && type !== 'Directory')
    throw notPlain(path, name, /Link/.test(type) ? 'a link' : 'no plain file')
  const parts = name.replace(/^(\.\/)+/, '').split('/')
  if (name.startsWith('/') || name.includes('\\') || parts.includes('..'))
    throw new BundleError('file', `${path}: ${shown(name)} would lie outside the bundle's folder; it is not taken`)
  return type === 'Directory' ? undefined : parts.join('/')
}

const notPlain = (path: string, name: string, what: string) =>
  new BundleError('file', `${path}: ${shown(name)} is ${what}; a bundle has plain files alone`)

const tooLarge = (path: string) =>
  new BundleError('file', `${path}: more than ${MOST_BYTES / 1e6} MB or ${MOST_FILES} files; is it a bundle?`)

function bounded(path: string, files: number, bytes: number): void {
  if (files > MOST_FILES || bytes > MOST_BYTES) throw tooLarge(path)
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
/** What a stranger may have written, on one line. */
const shown = (name: string) => JSON.stringify(name.slice(0, 64))
