/** A folder of bundles, searched by the hash that a bitstream's header carries. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FrameInfo } from '../../codec/index.js'
import { type Bundle, openBundle } from '../../contract/bundle.js'
import { shortHash } from '../../contract/hex.js'
import { Failure } from '../failure.js'

export class Bundles {
  private readonly opened = new Map<string, Bundle>()
  private paths: Map<string, string> | undefined

  constructor(readonly dir: string) {}

  /** The bundle that coded a frame, or undefined if it is not here. @throws {BundleError} damaged; {Failure} input */
  find(info: FrameInfo): Bundle | undefined {
    const bundle = this.open(info.bundle)
    if (bundle) checkFit(info, bundle)
    return bundle
  }

  /** By the hash alone, 16 hexadecimal digits. @throws {BundleError} damaged; {Failure} input: not here */
  byHash(hash: string): Bundle {
    const bundle = this.open(hash)
    if (bundle) return bundle
    throw this.missing(hash)
  }

  /** @throws {BundleError} damaged; {Failure} input: not here */
  need(info: FrameInfo): Bundle {
    const bundle = this.find(info)
    if (bundle) return bundle
    throw this.missing(info.bundle)
  }

  private open(hash: string): Bundle | undefined {
    const path = this.index().get(hash)
    if (path === undefined) return undefined
    let bundle = this.opened.get(hash)
    if (!bundle) {
      bundle = openBundle(path)
      this.opened.set(hash, bundle)
    }
    return bundle
  }

  private missing(hash: string): Failure {
    return new Failure(
      'input',
      `no bundle ${hash}, ${this.dir}, copy the bundle whose manifest.json has a SHA-256 that begins so, or name its folder with --bundles`,
    )
  }

  private index(): Map<string, string> {
    if (this.paths) return this.paths
    this.paths = new Map()
    let names: string[] = []
    try {
      names = readdirSync(this.dir)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new Failure('input', `cannot read, --bundles ${this.dir}: ${(cause as Error).message}`, { cause })
      }
    }
    for (const name of names) {
      const manifest = join(this.dir, name, 'manifest.json')
      if (!existsSync(manifest)) continue
      const bytes = readFileSync(manifest)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      for (const hash of [sha256, ...replacedBy(bytes)]) this.paths.set(shortHash(hash), join(this.dir, name))
    }
    return this.paths
  }
}

/** Hashes of earlier manifests of the same bundle. A manifest that cannot be read is said to be so when it is opened. */
function replacedBy(manifest: Buffer): string[] {
  try {
    const { replaces } = JSON.parse(manifest.toString('utf8'))
    return Array.isArray(replaces) ? replaces.filter((hash) => typeof hash === 'string') : []
  } catch {
    return []
  }
}

/** The hash says that it is this bundle; a writer that used other tables or shapes with it was faulty. */
function checkFit(info: FrameInfo, { dir, manifest, entropy }: Bundle): void {
  const { channels, levels, stride, multiple } = manifest.latent
  const sides = [info.width, info.height]
  const fits =
    info.tables === shortHash(entropy.sha256) &&
    info.channels === channels &&
    info.levels === levels &&
    info.stride === stride &&
    sides.every((side) => side % multiple === 0)
  if (fits) return
  const { camera, boot, seq } = info
  throw new Failure('input', `frame and bundle do not fit, ${camera}/${boot}/${seq} and ${dir}, the writer was faulty`)
}
