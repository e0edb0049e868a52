/** What root's one command makes must not lock the service out: it belongs to the owner of the folder that it is made in. */
import { lchownSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export function giveToOwner(path: string, folder = dirname(path)): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  lchownSync(path, uid, gid)
}

/** With the folders above it. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  const from = dirname(first)
  for (let made = resolve(path); made.length >= first.length; made = dirname(made)) giveToOwner(made, from)
}
