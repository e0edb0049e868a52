/**
 * The frame's way through the box: slot -> inference thread -> looking thread and coding thread -> container -> one transaction -> publisher.
 * Three frames are under way at a time: one is encoded, one is looked at and coded, one is committed.
 */
import { createHash } from 'node:crypto'
import { FORMAT_2, type FrameInfo, Packer } from '../codec/index.js'
import type { Bundle } from '../contract/bundle.js'
import { shortHash } from '../contract/hex.js'
import { isoOf } from '../contract/time.js'
import { answersOf } from './answers.js'
import type { CapturedFrame } from './capture/camera.js'
import type { Stamp } from './clock.js'
import { analyseOn } from './heads.js'
import type { Hold } from './infer/gate.js'
import type { Encoded, Wish } from './infer/messages.js'
import { Keyframes } from './keyframes.js'
import { eventParts, type NewFrame, Part } from './outbox.js'
import type { ResultRecord } from './publish/results.js'
import { PublishPolicy } from './publish-policy.js'
import type { StageTimes } from './stages.js'
import type { Watching } from './watching.js'

const LANES = 3

export interface PipelineParts {
  readonly cameras: readonly {
    readonly config: { readonly id: string }
    readonly slot: { take(): CapturedFrame | undefined }
    readonly dropped: number
    recycle(buffer: ArrayBuffer): void
  }[]
  infer(frame: CapturedFrame, wish: Wish): Promise<Encoded>
  readonly watching: Pick<Watching, 'see' | 'done'>
  /** A stamp by what is known of time now. */
  timed(stamp: Stamp): Stamp
  /** Commits one frame, or does with it what can be done when the archive takes nothing (the disk is full). */
  commit(frame: NewFrame): Fate
  committed(result: Committed): void
  failed(cam: string, error: Error): void
}

/** stored: committed. sent: not stored, but its results were published. lost: neither, and counted. */
export type Fate = 'stored' | 'sent' | 'lost'

export interface Committed {
  readonly cam: string
  readonly seq: number
  readonly bpp: number
  readonly bytes: number
  readonly record: ResultRecord
  /** Archived, and not published. */
  readonly leftOut: boolean
  /** There where the heads' answer for a frame before it was kept. */
  readonly held: Hold | undefined
  readonly ms: StageTimes
}

export interface PipelineOptions {
  readonly dev: string
  readonly boot: string
  readonly bundle: Bundle
  /** Execution provider of each network, as found out by ONNX Runtime's profile. */
  readonly providers: Record<string, string>
  readonly publishBitstreams: boolean
  /** Takes this many frames and no more. */
  readonly maxFrames: number
}

/** As much as the clock draws its line without calling it a step. */
const DRAWN_US = 2_000_000

export class Pipeline {
  /** Frames committed, in all. */
  frames = 0
  readonly keyframes = new Keyframes()
  private readonly seq = new Map<string, number>()
  private readonly newestUs = new Map<string, number>()
  /** Of the frame that the heads looked at last. */
  private readonly answered = new Map<string, number>()
  private readonly packers = new Map<string, Packer>()
  private readonly policies = new Map<string, PublishPolicy>()
  private busy = 0
  private taken = 0
  private turn = 0
  private stopping = false
  private drained: (() => void) | undefined

  constructor(
    private readonly parts: PipelineParts,
    private readonly options: PipelineOptions,
  ) {}

  /** A slot was filled, or a lane has become free. */
  wake(): void {
    while (!this.stopping && this.busy < LANES && this.taken < this.options.maxFrames) {
      const next = this.nextFrame()
      if (!next) return
      this.busy++
      this.taken++
      void this.process(next.camera, next.frame)
    }
  }

  /** Takes no new frame, and resolves when those under way are committed. */
  async drain(): Promise<void> {
    this.stopping = true
    if (this.busy === 0) return
    await new Promise<void>((resolve) => {
      this.drained = resolve
    })
  }

  /** Cameras take turns, so that a fast one does not starve the others. */
  private nextFrame() {
    const { cameras } = this.parts
    for (let i = 0; i < cameras.length; i++) {
      const camera = cameras[(this.turn + i) % cameras.length]!
      const frame = camera.slot.take()
      if (!frame) continue
      this.turn = (this.turn + i + 1) % cameras.length
      return { camera, frame }
    }
    return undefined
  }

  private async process(camera: PipelineParts['cameras'][number], frame: CapturedFrame): Promise<void> {
    const { cam } = frame
    const policy = this.policy(cam)
    const wish = policy.before(frame.bootMs)
    try {
      const key = this.keyframes.due(cam.id, frame.bootMs, cam.keyframeSeconds, wish.key)
      const encoded = await this.parts.infer(frame, {
        key,
        pressed: pressed(frame),
        look: !this.answered.has(cam.id), // what was looked at came to nothing, and none can be named
      })
      camera.recycle(encoded.buffer)
      this.store(frame, encoded, camera.dropped, policy, wish.due)
    } catch (error) {
      policy.lost(wish.due)
      this.keyframes.lost(cam.id) // what follows may be predicted from it
      this.taken--
      this.parts.failed(cam.id, error as Error)
    } finally {
      this.busy--
      if (this.busy === 0) this.drained?.()
      this.wake()
    }
  }

  /**
   * Two frames may be captured nearer to each other than they are committed, and the time line is drawn to the wall clock meanwhile: the
   * later one is not older for that. What moves the line further moves what the archive holds, too.
   */
  private inOrder(cam: string, timeUs: number): number {
    const newestUs = this.newestUs.get(cam) ?? timeUs
    const inOrder = timeUs < newestUs && newestUs - timeUs < DRAWN_US ? newestUs : timeUs
    this.newestUs.set(cam, inOrder)
    return inOrder
  }

  private store(frame: CapturedFrame, encoded: Encoded, dropped: number, policy: PublishPolicy, due: boolean): void {
    const started = performance.now()
    const { bundle, boot, providers } = this.options
    const { width, height, id } = frame.cam
    // The clock may have been set since it was taken; the archive keeps one time line.
    const { timeUs: knownUs, clk } = this.parts.timed(frame)
    const timeUs = this.inOrder(id, knownUs)
    const { channels, levels, stride } = bundle.manifest.latent
    const seq = this.seq.get(id) ?? 0
    const info: FrameInfo = {
      mode: 0, // for version 1 records; the packer writes the coded frame's own
      bundle: shortHash(bundle.sha256),
      tables: shortHash(bundle.entropy.sha256),
      camera: id,
      boot,
      seq,
      timeUs,
      width,
      height,
      channels,
      levels,
      stride,
    }
    const { key, position } = encoded.coded
    if (!encoded.held) this.answered.delete(id) // until it is known what becomes of it
    if (!key && !this.keyframes.follows(id)) throw new Error('the frame it was predicted from is lost')
    const keySeq = seq - position
    const bits = this.packer(id).pack(info, encoded.coded)
    const sha256 = createHash('sha256').update(bits).digest('hex')
    const bpp = (bits.length * 8) / (width * height)
    const { bootMs, monoNs } = frame
    const sighting = this.parts.watching.see({ cam: id, seq, timeUs, bootMs, monoNs, clk }, encoded)
    const { motion, moving, events, shown, present } = sighting
    const { tags, probabilities } = encoded
    // Of a frame that was under way when the one that was looked at came to nothing, none can be named.
    const sameAs = encoded.held && this.answered.get(id)
    const choice = policy.choose({ seq, key, due, shown, present, events, tags, probabilities })
    const record: ResultRecord = {
      common: {
        v: 1,
        dev: this.options.dev,
        cam: id,
        boot,
        seq,
        ts: isoOf(timeUs),
        mono_ns: String(monoNs),
        clk,
        frame: { w: width, h: height },
        model: { id: bundle.manifest.id, sha256: bundle.sha256, ep: providers.encoder ?? 'cpu' },
        lat: { shape: [channels, height / stride, width / stride], bpp: round(bpp, 4) },
        bits: {
          ref: `${id}/${boot}/${seq}`,
          bytes: bits.length,
          sha256,
          fmt: FORMAT_2,
          key,
          segment: `${id}/${boot}/${keySeq}`,
        },
        ...(motion !== undefined && { motion: round(motion, 4) }),
      },
      ep: { cls: providers.analyse ?? providers.classify, seg: providers.analyse ?? providers.segment },
      q: { lat_ms: round(Number(process.hrtime.bigint() - monoNs) / 1e6, 1), dropped },
      ...answersOf(encoded, bundle, frame.cam, moving),
      ...(sameAs !== undefined && { same_as: sameAs }),
      ...(choice.prev && { prev: choice.prev }),
      ...(events.length > 0 && { events }),
    }
    const parts =
      (choice.results && record.cls ? Part.cls : 0) |
      (choice.results && record.seg ? Part.seg : 0) |
      (choice.bits ? Part.bits : 0) |
      eventParts(events.length)
    const fate = this.parts.commit({
      cam: id,
      boot,
      seq,
      timeUs,
      keySeq,
      bits,
      sha256,
      model: bundle.manifest.id,
      result: JSON.stringify(record),
      parts,
      events: sighting.unsaved,
    })
    this.parts.watching.done(sighting, fate)
    if (policy.done(choice, fate)) this.keyframes.ask(id)
    if (fate === 'stored') this.keyframes.stored(id, key, bootMs)
    else this.keyframes.lost(id)
    if (fate !== 'stored') this.taken--
    if (fate === 'lost') return
    if (!encoded.held) this.answered.set(id, seq)
    // Only what went anywhere has a number: subscribers can prove that nothing is missing.
    this.seq.set(id, seq + 1)
    if (fate === 'sent') return
    this.frames++
    const ms = { capture: frame.captureMs, ...encoded.ms, commit: performance.now() - started }
    this.parts.committed({
      cam: id,
      seq,
      bpp,
      bytes: bits.length,
      record,
      leftOut: !choice.results,
      held: encoded.held,
      ms,
    })
  }

  private policy(cam: CapturedFrame['cam']): PublishPolicy {
    const { id, publish } = cam
    let policy = this.policies.get(id)
    if (!policy) {
      const { bundle, publishBitstreams } = this.options
      policy = new PublishPolicy(publish, analyseOn(cam, bundle)?.tags, publishBitstreams)
      this.policies.set(id, policy)
    }
    return policy
  }

  private packer(cam: string): Packer {
    const { context } = this.options.bundle
    let packer = this.packers.get(cam)
    if (!packer) {
      packer = new Packer(context && shortHash(context.sha256))
      this.packers.set(cam, packer)
    }
    return packer
  }
}

/** It has waited for half the time until the next one. A file that is read without dropping anything waits as long as it has to. */
function pressed({ readyMs, cam }: CapturedFrame): boolean {
  return cam.pace !== 'fast' && performance.now() - readyMs > 500 / cam.fps
}

const round = (x: number, digits: number) => Number(x.toFixed(digits))
