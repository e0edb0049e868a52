/** Where bundles are: a folder's path as it is, a plain name among those that come with the package. */
import { join } from 'node:path'
import { bundlesDir } from '../contract/package-root.js'

/** What runs where nobody names another. */
export const DEFAULT_BUNDLE = 'field-1'

export const bundleDir = (name: string): string =>
  name.includes('/') || name.startsWith('.') ? name : join(bundlesDir(), name)
