/**
 * The Node.js that the package carries. Neither Debian 12 (18) nor the Ubuntu of JetPack 6 (12) has one that is new enough,
 * and what a box gets from a third party's repository changes without us having run it: so it comes with the package, and
 * its security fixes come as a version of the package.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import type { Architecture } from './architecture.js'
import { unpackNpm } from './run.js'

interface Pinned {
  readonly version: string
  /** npm's packages of nodejs.org's builds, binary and headers, held against the hash here. */
  readonly packages: Record<Architecture, { readonly name: string; readonly integrity: string }>
}

export const pinned = async (): Promise<Pinned> =>
  JSON.parse(await readFile(join(packageRoot(), 'packaging', 'deb', 'runtime.json'), 'utf8')) as Pinned

/** @returns the folder with bin/node, include/node and LICENSE, kept in `cache` for the next time */
export async function fetchRuntime(arch: Architecture, cache: string): Promise<string> {
  const { version, packages } = await pinned()
  const { name, integrity } = packages[arch]
  const folder = join(cache, `${name}-${version}`)
  if (existsSync(folder)) return folder
  const part = `${folder}.part`
  await rm(part, { recursive: true, force: true })
  const spec = `${name}@${version}`
  await unpackNpm(spec, part, (tarball) => verify(tarball, integrity, spec))
  await mendHeaders(join(part, 'include', 'node', 'node_object_wrap.h'))
  await rename(part, folder)
  return folder
}

/** As systemd/headers does, where it is said why: what is compiled against it would end Node by and by. */
async function mendHeaders(file: string): Promise<void> {
  const mended = (await readFile(file, 'utf8')).replace(/^ *(Add|Remove)CleanupHook\(\);\n/gm, '')
  await writeFile(file, mended)
}

/** @param integrity `sha512-` and base64, as in package-lock.json; @throws where the bytes are others */
export function verify(bytes: Uint8Array, integrity: string, what: string): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (found !== integrity)
    throw new Error(`${what} is not what packaging/deb/runtime.json expects: ${found}, expected ${integrity}`)
}
