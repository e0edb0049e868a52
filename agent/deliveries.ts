/** Bundles that come over MQTT: only where the configuration allows it, only signed ones, and checked as `bundle add` checks them. */
import { type ChildProcess, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { divided, type Manifest, readManifest } from '../contract/bundle.js'
import { MOST_BYTES } from '../contract/bundle-file.js'
import { publicKeyOf, signatureFault } from '../contract/bundle-signature.js'
import { BLOCK_BYTES, type requests, type responses } from '../contract/messages.js'
import type { AddJob } from './add-child.js'
import { DEFAULT_BUNDLE } from './bundles.js'
import type { LoadedConfig } from './config/load.js'
import { messageOf } from './errors.js'
import { fit } from './fit.js'
import type { Log } from './log.js'
import { Refusal } from './refusal.js'
import { unsigned } from './signed.js'
import { choose, readChoice } from './updates/choice.js'
import { Incoming } from './updates/incoming.js'
import { checkRoom, inWords, isWhole, nameFault, type Stored, storedBundles } from './updates/store.js'

type Request = z.infer<(typeof requests)['bundle']>
type Step<S extends Request['step']> = Extract<Request, { step: S }>
type Answer = Omit<Extract<z.infer<(typeof responses)['bundle']>, { status: 'ok' }>, 'transaction'>

/** Its check takes seconds; longer than this and something hangs. */
const CHECK_MS = 600_000
/** Lower than the agent's: live frames go first. */
const NICE = 10

export class Deliveries {
  private readonly incoming: Incoming
  /** Of the last bundle that was finished: undefined while it goes on. */
  private check: { readonly bundle: string; readonly id: string; fault?: string; done: boolean } | undefined
  /** To be used once it is there. */
  private wanted: string | undefined
  private child: ChildProcess | undefined
  /** Of the bundle that was last found whole here: its files are not read again for every answer. */
  private whole: string | undefined

  constructor(
    private readonly config: LoadedConfig,
    private readonly log: Log,
    /** Takes what was chosen. */
    private readonly reload: () => void,
    nowMs?: () => number,
  ) {
    this.incoming = new Incoming(config.stateDir, nowMs)
  }

  /** @throws {Refusal} */
  answer(request: Request): Answer {
    if (!this.config.bundles.overMqtt)
      throw new Refusal(
        'not_allowed',
        'this box takes no bundles over MQTT; its configuration has to allow it (bundles: {publicKey: …, overMqtt: true})',
      )
    try {
      if (request.step === 'offer') return this.offer(request)
      if (request.step === 'part') return this.part(request)
      return this.finish(request)
    } catch (error) {
      if (error instanceof Refusal) throw error
      throw new Refusal('refused', messageOf(inWords(error, this.config.stateDir)))
    }
  }

  /** Every hour or so. */
  sweep(): void {
    if (this.config.bundles.overMqtt) this.incoming.sweep()
  }

  stop(): void {
    this.child?.kill('SIGKILL')
  }

  private offer({ manifest: text, signature: sig, use }: Step<'offer'>): Answer {
    const { stateDir, archive, bundles } = this.config
    const manifestBytes = Buffer.from(text, 'base64')
    const signature = sig === undefined ? undefined : Buffer.from(sig, 'base64')
    const fault = signatureFault(manifestBytes, signature, publicKeyOf(bundles.publicKey!))
    if (fault) {
      this.log.warn({ reason: fault }, 'a bundle that came over MQTT was refused')
      throw new Refusal('refused', `the bundle ${fault}`)
    }
    const manifest = readManifest(manifestBytes, 'manifest.json')
    const { id } = manifest
    const sha256 = createHash('sha256').update(manifestBytes).digest('hex')
    if (use) this.mayUse()
    this.wanted = use ? sha256 : undefined
    if (this.check?.done) this.check = undefined
    const about = { id, bundle: sha256 }
    if (this.check && this.check.bundle !== sha256)
      throw new Refusal('busy', `bundle ${this.check.id} is being checked; try again in a moment`)
    const stored = storedBundles(stateDir)
    this.whole = undefined
    if (this.found(sha256, stored)) return { status: 'ok', ...about, state: 'added' }
    const { box: files } = divided(manifest, 'manifest.json')
    refuse(nameFault(id) ?? takenBy(stored.find((one) => one.id === id && one.sha256 !== sha256)))
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    refuse(bytes > MOST_BYTES ? `bundle ${id} has ${bytes} bytes, more than ${MOST_BYTES}` : undefined)
    // Once as it comes, and once as it is kept.
    checkRoom(stateDir, 2 * bytes, archive.minFreeMegabytes * 1e6)
    const wants = this.incoming.offer({ ...about, sha256, manifest: manifestBytes, signature, files }, (hash) =>
      fileOf(hash, stored),
    )
    this.log.info({ bundle: id, sha256, wants: wants.length }, 'a signed bundle is coming over MQTT')
    return { status: 'ok', ...about, state: 'receiving', wants, part_bytes: BLOCK_BYTES }
  }

  /** A damaged one, or one that the key here has not signed, is sent again. */
  private found(sha256: string, stored: readonly Stored[]): Stored | undefined {
    const found = stored.find((one) => one.sha256 === sha256)
    if (!found || unsigned(found.dir, this.config) !== undefined) return undefined
    if (this.whole !== sha256 && !isWhole(found.dir)) return undefined
    this.whole = sha256
    return found
  }

  private part({ bundle, file, off, sha256, data }: Step<'part'>): Answer {
    const bytes = Buffer.from(data, 'base64')
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Refusal('damaged', `${file} at ${off}: this part is not what its sha256 says`)
    if (this.check?.bundle === bundle && !this.check.done)
      throw new Refusal('bad_request', 'it is being checked already')
    const next = this.incoming.part(bundle, file, off, bytes)
    return { status: 'ok', id: this.incoming.offered!.id, bundle, state: 'receiving', next }
  }

  private finish({ bundle, use }: Step<'finish'>): Answer {
    const { check } = this
    if (check?.bundle === bundle && !check.done) return { status: 'ok', id: check.id, bundle, state: 'checking' }
    const found = this.found(bundle, storedBundles(this.config.stateDir))
    if (found) return { status: 'ok', id: found.id, bundle, state: use ? this.use(found) : 'added' }
    if (check?.bundle === bundle && check.fault !== undefined) throw new Refusal('refused', check.fault)
    const wants = this.incoming.wants(bundle)
    const { id } = this.incoming.offered!
    if (wants.length > 0) return { status: 'ok', id, bundle, state: 'receiving', wants, part_bytes: BLOCK_BYTES }
    void this.begin(bundle, id)
    return { status: 'ok', id, bundle, state: 'checking' }
  }

  private async begin(bundle: string, id: string): Promise<void> {
    const { stateDir, archive, bundles } = this.config
    const check: NonNullable<Deliveries['check']> = { bundle, id, done: false }
    this.check = check
    const path = this.incoming.folder(bundle)
    const job = { path, stateDir, minFreeBytes: archive.minFreeMegabytes * 1e6, publicKey: bundles.publicKey }
    try {
      await this.addInChild(job)
      this.log.info({ bundle: id, sha256: bundle }, 'a bundle that came over MQTT is added')
    } catch (error) {
      check.fault = messageOf(error)
      this.log.warn({ bundle: id, reason: check.fault }, 'a bundle that came over MQTT was refused')
    }
    check.done = true
    this.incoming.drop()
  }

  private addInChild(job: AddJob): Promise<void> {
    const script = fileURLToPath(new URL('./add-child.js', import.meta.url))
    return new Promise((resolve, reject) => {
      this.child = execFile(
        process.execPath,
        [script, JSON.stringify(job)],
        { timeout: CHECK_MS },
        (error, _, stderr) => {
          this.child = undefined
          if (!error) resolve()
          else if (error.code === 3) reject(new Error(stderr.trim().split('\n').at(-1)))
          else
            reject(
              new Error(
                `its check ended with ${error.signal ?? error.code}: the networks may need more than this box has`,
              ),
            )
        },
      )
      try {
        if (this.child.pid !== undefined) setPriority(this.child.pid, NICE)
      } catch {
        // It has ended already.
      }
    })
  }

  /** Chooses it once per offer; after that says how it goes. */
  private use({ id, sha256 }: Stored): 'chosen' | 'running' {
    const { stateDir } = this.config
    this.mayUse()
    if (this.wanted === sha256) {
      this.wanted = undefined
      fit(this.config, id)
      const { use = DEFAULT_BUNDLE, trial } = readChoice(stateDir)
      choose(stateDir, id)
      if (use === id && trial === undefined) return 'running'
      this.log.info({ bundle: id, sha256 }, 'chosen over MQTT')
      setImmediate(this.reload) // behind the answer
      return 'chosen'
    }
    const { use = DEFAULT_BUNDLE, trial, fell } = readChoice(stateDir)
    if (fell?.id === id) throw new Refusal('refused', `bundle ${id} did not run (${fell.why}); ${fell.to} came back`)
    if (use !== id) throw new Refusal('changed', `bundle ${use} was chosen meanwhile`)
    return trial === undefined ? 'running' : 'chosen'
  }

  private mayUse(): void {
    const { bundle } = this.config
    if (bundle !== undefined)
      throw new Refusal(
        'not_allowed',
        `the box's configuration names its bundle, ${bundle}; take that line out, or send without --use`,
      )
  }
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new Refusal('refused', fault)
}

const takenBy = (other: Stored | undefined): string | undefined =>
  other && `the box has another bundle ${other.id} (SHA-256 ${other.sha256.slice(0, 16)}…); give this one another id`

/** A file of this hash, of whatever bundle, if it is what its manifest says. */
function fileOf(hash: string, stored: readonly Stored[]): string | undefined {
  for (const { dir, manifestBytes } of stored) {
    const { files } = JSON.parse(manifestBytes.toString('utf8')) as Manifest
    const name = Object.keys(files).find((one) => files[one]!.sha256 === hash)
    if (name && hashOf(join(dir, name)) === hash) return join(dir, name)
  }
  return undefined
}

function hashOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}
