/** Several files, each whole or not at all; what was there stays beside it as .bak, .bak.2, … */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncFolder, writeSynced } from '../whole.js'

export interface NewFile {
  readonly file: string
  readonly text: string
}

/** Its group may read it, which is the service's. */
const MODE = 0o640
const FOLDER_MODE = 0o750

const pieceOf = (file: string) => join(dirname(file), `.${file.split('/').at(-1)}.${process.pid}.new`)

/** In the order given, so that the last one may name the others. @throws and leaves nothing of its own where one cannot be written */
export function writeFiles(files: readonly NewFile[], group?: number): void {
  const taken = files.find(({ file }) => existsSync(file) && statSync(file).isDirectory())
  if (taken) throw new Error(`${taken.file} is a folder; it would be written over`)
  const folders: string[] = []
  const pieces: string[] = []
  const backups: string[] = []
  try {
    for (const { file, text } of files) {
      const made = mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE })
      if (made) folders.push(made)
      if (made && group !== undefined) giveTo(dirname(file), group)
      const piece = pieceOf(file)
      pieces.push(piece)
      rmSync(piece, { force: true })
      writeNew(piece, Buffer.from(text), group ?? statSync(dirname(file)).gid)
    }
    for (const { file } of files) {
      if (!existsSync(file)) continue
      const backup = backupOf(file)
      backups.push(backup)
      writeNew(backup, readFileSync(file), statSync(file).gid)
    }
    for (const { file } of files) {
      renameSync(pieceOf(file), file)
      backups.length = 0 // what they were made of is gone
    }
    const named = [...files.map(({ file }) => file), ...folders]
    for (const dir of new Set(named.map((path) => dirname(path)))) syncFolder(dir)
  } catch (error) {
    for (const piece of [...pieces, ...backups]) rmSync(piece, { force: true })
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function writeNew(piece: string, bytes: Uint8Array, group: number): void {
  writeSynced(piece, bytes, 'wx')
  chmodSync(piece, MODE) // whatever the umask left of it
  giveTo(piece, group)
}

/** Only root may, and for root alone it matters: the service is another user, of the folder's group. */
function giveTo(file: string, group: number): void {
  if (process.getuid?.() === 0) chownSync(file, 0, group)
}

/** Where what is there now would be kept: an earlier one stays too. */
export function backupOf(file: string): string {
  for (let n = 1; ; n++) {
    const backup = n === 1 ? `${file}.bak` : `${file}.bak.${n}`
    if (!existsSync(backup)) return backup
  }
}
