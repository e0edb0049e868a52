/** Files that are there whole or not at all, also after a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { giveToOwner } from './owner.js'

/** On the disk when it returns. @param flags wx: refuses what is there */
export function writeSynced(file: string, bytes: Uint8Array, flags: 'w' | 'wx' = 'w'): void {
  const fd = openSync(file, flags, 0o640)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  giveToOwner(file)
}

export function replaceWhole(file: string, text: string): void {
  const beside = `${file}.${process.pid}.new`
  try {
    writeSynced(beside, Buffer.from(text))
    renameSync(beside, file)
    syncFolder(dirname(file))
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** A name is on the disk once its folder is. */
export function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
