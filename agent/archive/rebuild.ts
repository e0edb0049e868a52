/** Bitstream files back into an archive: what a lost database knew of its frames stands in the records themselves. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CodecError, listSegments, readArchive, sourceOf } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { shortHash } from '../../contract/hex.js'
import { bundleDir } from '../bundles.js'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import type { NewFrame } from '../outbox.js'
import { Archive } from './archive.js'

export interface Rebuilt {
  readonly files: number
  readonly added: number
  /** Frames that the archive had already; they are left as they are. */
  readonly kept: number
  /** Places where bytes could not be used. */
  readonly damaged: number
}

/**
 * Adds every sound frame of the files and folders, the oldest file first. Class results and
 * masks are in no bitstream and stay empty; nothing is published.
 * @throws {AgentError} a file cannot be read, or an agent is running on this archive
 */
export function rebuild(paths: readonly string[], stateDir: string, say: (line: string) => void): Rebuilt {
  const files = paths.flatMap(filesOf)
  const begins = new Map(files.map((file) => [file, firstTime(read(file))]))
  const inTime = [...files].sort((a, b) => begins.get(a)! - begins.get(b)!)
  const archive = Archive.open(stateDir)
  const count = { files: 0, added: 0, kept: 0, damaged: 0 }
  try {
    const models = bundleIds()
    for (const file of inTime) {
      const bytes = read(file)
      let camera = ''
      let model = ''
      for (const piece of readArchive(bytes)) {
        if (piece.kind === 'index') continue
        if (piece.kind === 'damage') {
          count.damaged++
          say(`${file}: bytes ${piece.offset} to ${piece.end} passed over: ${piece.error.message}`)
          continue
        }
        if (piece.frame) {
          camera = piece.frame.camera
          model = models.get(piece.frame.bundle) ?? piece.frame.bundle
        }
        const { boot, seq, timeUs, position } = piece
        if (archive.find(camera, boot, seq)) {
          count.kept++
          continue
        }
        const bits = bytes.subarray(piece.offset, piece.offset + piece.length)
        const sha256 = createHash('sha256').update(bits).digest('hex')
        const row = { cam: camera, boot, seq, timeUs, keySeq: seq - position, bits, sha256, model }
        add(archive, { ...row, result: '{}', parts: 0 }, file)
        count.added++
      }
      count.files++
      say(`${file}: done (${count.files} of ${files.length}, ${count.added} frames added)`)
    }
  } finally {
    archive.close()
  }
  return count
}

/** A folder stands for the bitstream files in it, at any depth. */
function filesOf(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.bsf'))
  if (found.length === 0) throw new AgentError('input', `${path}: has no .bsf files`, ExitCode.input)
  return found.sort().map((name) => join(path, name))
}

function add(archive: Archive, frame: NewFrame, file: string): void {
  try {
    archive.commit(frame)
  } catch (cause) {
    throw new AgentError(
      'archive',
      `${archive.path}: cannot take what is in ${file} (${messageOf(cause)}); make room on the disk and start again, what is there already is passed over`,
      ExitCode.input,
      { cause },
    )
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new AgentError('input', `${file}: cannot be read (${messageOf(cause)})`, ExitCode.input, { cause })
  }
}

/** Of a file's first segment, microseconds; what has none comes last. */
function firstTime(bytes: Uint8Array): number {
  try {
    for (const { firstTimeUs } of listSegments(sourceOf(bytes))) return firstTimeUs
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
  return Number.POSITIVE_INFINITY
}

/** By the hash in the records. A bundle that is not here is named by that hash. */
function bundleIds(): Map<string, string> {
  const ids = new Map<string, string>()
  const root = dirname(bundleDir('any'))
  for (const name of readdirSync(root)) {
    try {
      const { manifest, sha256 } = openBundle(join(root, name))
      for (const hash of [sha256, ...(manifest.replaces ?? [])]) ids.set(shortHash(hash), manifest.id)
    } catch {
      // Something else lies there; its frames keep the hash.
    }
  }
  return ids
}
