/** Where the configuration goes: to a place that takes it, and over no other without being asked. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backupOf } from './files.js'
import type { Asker } from './prompt.js'

export async function askOut(ask: Asker, preset: string, force: boolean): Promise<string> {
  for (let initial = preset; ; ) {
    const typed = await ask.text('Where should the configuration go?', {
      initial,
      wrong: (text) => (text.trim() === '' ? 'write the path of a file' : unwritable(resolve(text.trim()))),
    })
    const out = resolve(typed.trim())
    if (!existsSync(out) || force) return out
    if (await ask.confirm(`${out} is there already. Replace it? The old one stays as ${backupOf(out)}`, false))
      return out
    initial = out
  }
}

/** Why no file can be put there. */
export function unwritable(out: string): string | undefined {
  if (existsSync(out) && statSync(out).isDirectory()) return `${out} is a folder; name a file in it`
  const folder = nearestFolder(dirname(out))
  if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder`
  try {
    accessSync(folder, constants.W_OK)
    return undefined
  } catch {
    return `this user may not write into ${folder}; use sudo, or another path`
  }
}

/** The part of a path that is there. */
export function nearestFolder(path: string): string {
  let folder = resolve(path)
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}
