/**
 * A bundle that comes in parts: its files grow under <stateDir>/bundles/.in-<hash>, so that a transfer that was cut, also by a restart, goes on where
 * it was. One at a time. Who may send and whether it is whole is not seen here.
 */
import {
  appendFileSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { BundleFile } from '../../contract/bundle.js'
import { SIGNATURE_FILE } from '../../contract/bundle-signature.js'
import { addedDir } from '../bundles.js'
import { makeFolder } from '../owner.js'
import { Refusal } from '../refusal.js'
import { writeSynced } from '../whole.js'

/** After so long without a part another one may take its place. */
const QUIET_MS = 60_000
/** What nobody has gone on with for so long goes. */
const STALE_MS = 86_400_000
const PREFIX = '.in-'

export interface Offer {
  readonly id: string
  readonly sha256: string
  readonly manifest: Buffer
  readonly signature: Buffer | undefined
  readonly files: readonly BundleFile[]
}

export interface Want {
  readonly file: string
  readonly off: number
  readonly bytes: number
}

export class Incoming {
  private current: (Offer & { readonly dir: string; at: number }) | undefined

  constructor(
    private readonly stateDir: string,
    private readonly nowMs: () => number = () => Date.now(),
  ) {}

  get offered(): Offer | undefined {
    return this.current
  }

  /** Begins, or goes on. @param have where the box has a file of this hash already @throws {Refusal} busy */
  offer(offer: Offer, have: (sha256: string) => string | undefined): Want[] {
    const { id, sha256, manifest, signature } = offer
    const now = this.nowMs()
    const { current } = this
    if (current && current.sha256 !== sha256 && now - current.at < QUIET_MS)
      throw new Refusal(
        'busy',
        `bundle ${current.id} is being sent; try again when that is done, or ${QUIET_MS / 1000} s after its last part`,
      )
    this.current = undefined
    const dir = join(addedDir(this.stateDir), `${PREFIX}${sha256.slice(0, 16)}`)
    this.sweep(dir)
    makeFolder(dir)
    writeSynced(join(dir, 'manifest.json'), manifest)
    if (signature) writeSynced(join(dir, SIGNATURE_FILE), signature)
    this.current = { ...offer, id, dir, at: now }
    for (const { name, sha256: hash } of offer.files) {
      const file = join(dir, name)
      const there = existsSync(file) ? undefined : have(hash)
      mkdirSync(dirname(file), { recursive: true })
      if (there) copyFileSync(there, file, constants.COPYFILE_FICLONE)
    }
    return this.wants(sha256)
  }

  /** @returns from where on the file goes on: what is there already, or behind a lost part, is passed over */
  part(bundle: string, file: string, off: number, data: Uint8Array): number {
    const current = this.of(bundle)
    const known = current.files.find(({ name }) => name === file)
    if (!known) throw new Refusal('bad_request', `file: bundle ${current.id} has no ${file}`)
    current.at = this.nowMs()
    const path = join(current.dir, file)
    const length = lengthOf(path)
    if (off !== length) return length
    if (off + data.length > known.bytes) throw new Refusal('bad_request', `off: ${file} has ${known.bytes} bytes`)
    try {
      appendFileSync(path, data)
    } catch (error) {
      if (existsSync(path)) truncateSync(path, length) // half a part on a disk that is full
      throw error
    }
    return length + data.length
  }

  /** @throws {Refusal} not_found: it was not offered, or has been given up since */
  wants(bundle: string): Want[] {
    const { dir, files } = this.of(bundle)
    return files.flatMap(({ name: file, bytes }) => {
      const off = lengthOf(join(dir, file))
      return off < bytes ? [{ file, off, bytes }] : []
    })
  }

  /** The folder that it is in. */
  folder(bundle: string): string {
    return this.of(bundle).dir
  }

  /** Done with, or not worth going on with. */
  drop(): void {
    const { current } = this
    this.current = undefined
    if (current) rmSync(current.dir, { recursive: true, force: true })
  }

  /** What earlier transfers have left: at once where another begins, else when it is stale. */
  sweep(but?: string): void {
    const dir = addedDir(this.stateDir)
    const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith(PREFIX)) : []
    for (const path of names.map((name) => join(dir, name))) {
      if (path === but || path === this.current?.dir) continue
      if (but || this.nowMs() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true })
    }
  }

  private of(bundle: string): NonNullable<Incoming['current']> {
    if (this.current?.sha256 === bundle) return this.current
    throw new Refusal('not_found', `nothing of ${bundle.slice(0, 16)}… is awaited here; offer it first`)
  }
}

const lengthOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
