/** Where bundles are: a folder's path as it is, a plain name among those that come with the package. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What runs where nobody names another. */
export const DEFAULT_BUNDLE = 'lean-5'

/** The package's root, from the sources as well as from dist/. */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir)
  return dir
}

export const bundleDir = (name: string): string =>
  name.includes('/') || name.startsWith('.') ? name : join(packageRoot(), 'models', 'bundles', name)
