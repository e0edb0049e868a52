/** Bitstream files back into an archive: what a lost database knew of its frames stands in the records themselves. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CodecError, listSegments, readArchive, sourceOf } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { shortHash } from '../../contract/hex.js'
import { bundleDir } from '../bundles.js'
import { AgentError, ExitCode, messageOf } from '../errors.js'
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
 * Adds every sound frame of the files, the oldest file first, so that retention evicts in the order of time. Class results and
 * masks are in no bitstream and stay empty; nothing is published.
 * @throws {AgentError} a file cannot be read, or an agent is running on this archive
 */
export function rebuild(files: readonly string[], stateDir: string, say: (line: string) => void): Rebuilt {
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
        archive.commit({ ...row, result: '{}', parts: 0 })
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
