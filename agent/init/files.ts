/** Several files, each whole or not at all; what was there stays beside it as .bak. */
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

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
  try {
    for (const { file, text } of files) {
      const made = mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE })
      if (made) folders.push(made)
      if (made && group !== undefined) giveTo(dirname(file), group)
      const piece = pieceOf(file)
      pieces.push(piece)
      writeWhole(piece, text)
      giveTo(piece, group ?? statSync(dirname(file)).gid)
    }
    for (const { file } of files) if (existsSync(file)) keep(file)
    for (const { file } of files) renameSync(pieceOf(file), file)
  } catch (error) {
    for (const piece of pieces) rmSync(piece, { force: true })
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function writeWhole(piece: string, text: string): void {
  rmSync(piece, { force: true })
  const fd = openSync(piece, 'wx', MODE)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  chmodSync(piece, MODE) // whatever the umask left of it
}

/** Only root may, and for root alone it matters: the service is another user, of the folder's group. */
function giveTo(file: string, group: number): void {
  if (process.getuid?.() === 0) chownSync(file, 0, group)
}

function keep(file: string): void {
  copyFileSync(file, `${file}.bak`)
  chmodSync(`${file}.bak`, MODE)
  giveTo(`${file}.bak`, statSync(file).gid)
}
