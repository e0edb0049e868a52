/** Where a running box can be asked on the box itself: in its state directory, or where that cannot be written, in /run. */
import { closeSync, constants, openSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const NAME = 'status.sock'
/** What systemd makes for the service (RuntimeDirectory=). */
export const RUN_DIR = '/run/blindsight'
/** sun_path of sockaddr_un, without its terminator. */
const MAX_PATH_BYTES = 107

export const socketPaths = (stateDir: string, runtimeDirectory: string | undefined): string[] =>
  [stateDir, ...(runtimeDirectory || '').split(':').filter(Boolean).slice(0, 1)].map((dir) => join(dir, NAME))

export interface Reached {
  readonly path: string
  release(): void
}

/** A name short enough for a socket, however deep its folder lies: through that folder's descriptor. @throws when there is no folder */
export function reach(path: string): Reached {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, release() {} }
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, release: () => closeSync(fd) }
}
