/** Where bundles are: a folder's path as it is, a plain name among those that come with the package and those that were added. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bundlesDir } from '../contract/package-root.js'

/** What runs where nobody names another. */
export const DEFAULT_BUNDLE = 'field-1'

export const packagedBundles = (): string[] => readdirSync(bundlesDir()).sort()

/** Of those that were added to a box. */
export const addedDir = (stateDir: string): string => join(stateDir, 'bundles')

/** Whether it names a folder, and not one of the bundles that are there. */
export const isBundlePath = (name: string): boolean => name.includes('/') || name.startsWith('.')

/** A name of the package is never another's. @param stateDir where bundles may have been added */
export function bundleDir(name: string, stateDir?: string): string {
  if (isBundlePath(name)) return name
  const packaged = join(bundlesDir(), name)
  const added = stateDir && join(addedDir(stateDir), name)
  return added && !existsSync(packaged) && existsSync(added) ? added : packaged
}
