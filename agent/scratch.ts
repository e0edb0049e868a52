/** Folders for passing files. The temporary directory may be full or read-only; nothing needs it. */
import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Enough for whatever is put there: an ONNX Runtime profile, a demo's archive in its first minutes. */
const LEAST_BYTES = 16e6

/** The first of the temporary directory, `others`, memory and home that takes files; undefined if none does. */
export function scratchDir(others: readonly string[] = [], tmp = tmpdir()): string | undefined {
  return [tmp, ...others, '/dev/shm', homedir()].find(takesFiles)
}

/** A new folder there, for the caller to remove. */
export function scratchFolder(prefix: string, others: readonly string[] = [], tmp = tmpdir()): string | undefined {
  const dir = scratchDir(others, tmp)
  try {
    return dir && mkdtempSync(join(dir, prefix))
  } catch {
    return undefined // filled in the meantime
  }
}

function takesFiles(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK)
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize >= LEAST_BYTES
  } catch {
    return false
  }
}
