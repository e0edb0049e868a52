/** Whether a box may run what was added to it: with a key configured, only what that has signed, however long it has been there. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { publicKeyOf, SIGNATURE_FILE, signatureFault } from '../contract/bundle-signature.js'
import { addedDir } from './bundles.js'
import type { LoadedConfig } from './config/load.js'

/** Why the bundle in this folder may not run; undefined: it may. Those of the package, and folders elsewhere, need no signature. */
export function unsigned(dir: string, { stateDir, bundles }: LoadedConfig): string | undefined {
  if (bundles.publicKey === undefined || dirname(resolve(dir)) !== resolve(addedDir(stateDir))) return undefined
  const file = join(dir, SIGNATURE_FILE)
  const signature = existsSync(file) ? readFileSync(file) : undefined
  return signatureFault(readFileSync(join(dir, 'manifest.json')), signature, publicKeyOf(bundles.publicKey))
}
