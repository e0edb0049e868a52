/** Relative paths of a configuration go by the folder that it lies in, whoever reads it and from where. */
import { dirname, resolve } from 'node:path'
import { isRawKey } from '../../contract/bundle-signature.js'
import { isBundlePath } from '../bundles.js'
import type { Config } from './schema.js'

/** Keys of a camera and of `mqtt` that name a file. */
export const LOGIN_FILES = ['usernameFile', 'passwordFile'] as const
export const BROKER_FILES = [...LOGIN_FILES, 'caFile', 'certFile', 'keyFile'] as const

/** One that comes through a pipe (`--config <(decrypt FILE)`) lies in no folder: the caller's. */
export const folderOf = (file: string): string => (/^\/(dev|proc)\//.test(file) ? resolve() : resolve(dirname(file)))

/** All but the sources of cameras, in which the environment may have a word: login.ts. */
export function withPaths(config: Config, folder: string): Config {
  const { cameras, mqtt } = config
  return {
    ...config,
    ...ownPaths(config, folder),
    cameras: cameras.map((camera) => ({ ...camera, ...filesIn(camera, LOGIN_FILES, folder) })),
    mqtt: { ...mqtt, ...filesIn(mqtt, BROKER_FILES, folder) },
  }
}

/** Of what the verbs of `bundle` read. */
export function ownPaths(
  { stateDir, bundle, bundles }: Pick<Config, 'stateDir' | 'bundle' | 'bundles'>,
  folder: string,
): Pick<Config, 'stateDir' | 'bundle' | 'bundles'> {
  const { publicKey } = bundles
  return {
    stateDir: resolve(folder, stateDir),
    bundle: bundle !== undefined && isBundlePath(bundle) ? resolve(folder, bundle) : bundle,
    bundles:
      publicKey === undefined || isRawKey(publicKey) ? bundles : { ...bundles, publicKey: resolve(folder, publicKey) },
  }
}

function filesIn<K extends string>(
  keys: { readonly [k in K]?: string | undefined },
  names: readonly K[],
  folder: string,
): { [k in K]?: string } {
  const resolved: { [k in K]?: string } = {}
  for (const name of names) if (keys[name] !== undefined) resolved[name] = resolve(folder, keys[name])
  return resolved
}
