/**
 * A configuration that was tried by a person becomes the service's, which is another user, sees no home directory and has a /tmp of
 * its own: files that it names come along, and the archive of the trial stays where it is.
 */
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, resolve } from 'node:path'
import { isRawKey } from '../../contract/bundle-signature.js'
import { isAddress } from '../address.js'
import { isBundlePath } from '../bundles.js'
import { folderOf } from '../config/paths.js'
import { isPipeline } from '../config/pipeline.js'
import { Config } from '../config/schema.js'
import { readText } from '../config/text.js'
import { type Place, rewriteYaml } from '../config/yaml.js'
import type { NewFile } from './files.js'

export interface Taken {
  readonly text: string
  /** To be written beside it, where `text` looks for them. */
  readonly files: readonly NewFile[]
  /** What is otherwise than it was, and what remains to be done. */
  readonly said: readonly string[]
}

/** By their keys, what they are called where they come to lie. */
const COPIED: Record<string, string> = {
  usernameFile: 'user',
  passwordFile: 'password',
  caFile: 'ca.pem',
  certFile: 'cert.pem',
  keyFile: 'key.pem',
  publicKey: 'key.pub',
}

/** What somebody has put there is there for services. */
const isOfSystem = (path: string) => /^\/(etc|usr)\//.test(path)

export function isHidden(path: string, home = homedir()): boolean {
  return [home, '/home', '/root', '/run/user', '/tmp', '/var/tmp'].some((dir) => path.startsWith(`${dir}/`))
}

/** @param text of the file `from`, which is right @param out where it will be */
export function takenOver(text: string, from: string, out: string): Taken {
  const folder = folderOf(from)
  /** Where the unit lets it write. */
  const usual = Config.shape.stateDir.parse(undefined)
  const files: NewFile[] = []
  const said: string[] = []
  /** By its name, where it comes from. */
  const copies = new Map<string, string>()

  const copied = (place: Place, path: string): string => {
    const name = freeName(place, path, copies)
    if (!copies.has(name)) {
      copies.set(name, path)
      files.push({ file: resolve(dirname(out), name), text: readText(path) })
      said.push(`${place.key}: ${path} is copied to ${resolve(dirname(out), name)}`)
    }
    return name
  }
  const moved = (value: string, path: string) => (isAbsolute(value) ? undefined : path)
  const note = (place: Place, path: string, todo: string) => {
    if (isHidden(path)) said.push(`! ${place.key}: ${path} is hidden from the service: ${todo}`)
  }

  const other = (place: Place): string | undefined => {
    const { key, value, within } = place
    const path = resolve(folder, value)
    if (key === 'stateDir' && within === undefined) {
      if (isAbsolute(value) && !isHidden(path)) {
        if (!`${path}/`.startsWith(`${usual}/`))
          said.push(
            `! stateDir: the service may write to ${path} once a drop-in of its unit has ReadWritePaths=${path}`,
          )
        return undefined
      }
      said.push(`stateDir: ${usual}, and not ${path}: what is archived there stays there`)
      return usual
    }
    if (key === 'bundle' && within === undefined && isBundlePath(value)) {
      note(place, path, 'sudo blindsight bundle add that folder, and take the line out')
      return moved(value, path)
    }
    // With a variable in it nobody knows yet what it is.
    if (key === 'source' && !isAddress(value) && !isPipeline(value) && !value.startsWith('${')) {
      note(place, path, 'copy it to /var/lib/blindsight, and write its path there')
      return moved(value, path)
    }
    if (!COPIED[key] || (key === 'publicKey' && isRawKey(value))) return undefined
    return isOfSystem(path) ? moved(value, path) : copied(place, path)
  }
  return { text: rewriteYaml(text, other), files, said }
}

/** camera-gate-password, mqtt-ca.pem: as init calls them; with a number behind it where another file has it. */
function freeName({ key, id, within }: Place, path: string, copies: ReadonlyMap<string, string>): string {
  const owner = id ? `camera-${id}` : (within ?? basename(path))
  const base = `${owner.replaceAll(/[^a-zA-Z0-9_-]/g, '-')}-${COPIED[key]}`
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : base.replace(/(?=\.|$)/, `-${n}`)
    if ((copies.get(name) ?? path) === path) return name
  }
}
