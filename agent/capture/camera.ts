/**
 * One camera, kept alive: starts ffmpeg, watches that frames keep coming, starts it again with back-off when it ends,
 * fails or stalls, and says what state it is in. Never gives up, never needs the agent restarted.
 */
import { Backoff } from '../backoff.js'
import { Clock, type Stamp } from '../clock.js'
import type { Camera as CameraConfig } from '../config/schema.js'
import type { Log } from '../log.js'
import { type Grabber, kindOf, startFfmpeg } from './ffmpeg.js'
import { FrameCutter, type RawFrame } from './frames.js'
import { Slot } from './slot.js'

export interface CapturedFrame extends RawFrame, Stamp {
  readonly cam: CameraConfig
}

export type CameraStatus = 'online' | 'offline' | 'stalled' | 'disabled'
export interface CameraState {
  readonly state: CameraStatus
  readonly reason: string
  readonly since: string
}

export interface CameraEvents {
  frameReady(): void
  stateChanged(camera: Camera): void
  /** A file that is not looped has been read to its end. */
  finished?(camera: Camera): void
}

/** Buffers kept for reuse: one being filled, one in the slot, two in inference. */
const SPARE_BUFFERS = 4

export class Camera {
  readonly slot: Slot<CapturedFrame>
  state: CameraState
  framesIn = 0
  dropped = 0
  private grabber: Grabber | undefined
  private generation = 0
  private running = false
  private seenFrame = false
  private lastFrameMs = 0
  private stallTimer: NodeJS.Timeout | undefined
  private retryTimer: NodeJS.Timeout | undefined
  /** The end of a process that stalled. */
  private ending = Promise.resolve()
  private readonly spare: ArrayBuffer[] = []
  private readonly frameBytes: number

  constructor(
    readonly config: CameraConfig,
    private readonly log: Log,
    private readonly events: CameraEvents,
    private readonly clock = new Clock(),
    private readonly backoff = new Backoff(500, 30_000),
  ) {
    this.slot = new Slot(() => events.frameReady())
    this.frameBytes = config.width * config.height * 3
    this.state = {
      state: config.enabled ? 'offline' : 'disabled',
      reason: config.enabled ? 'starting' : 'disabled in the configuration',
      since: new Date().toISOString(),
    }
  }

  start(): void {
    if (this.running || !this.config.enabled) return
    this.running = true
    this.launch()
    this.stallTimer = setInterval(() => this.checkStall(), Math.min(1000, this.config.stallSeconds * 250))
  }

  async stop(): Promise<void> {
    if (!this.running) return
    this.running = false
    this.generation++
    clearInterval(this.stallTimer)
    clearTimeout(this.retryTimer)
    this.slot.take()
    await Promise.all([this.grabber?.stop(), this.ending])
    this.setState('offline', 'the agent stopped')
  }

  /** Takes back a frame's buffer once nobody reads it any more. */
  recycle(buffer: ArrayBuffer): void {
    if (this.spare.length < SPARE_BUFFERS && buffer.byteLength === this.frameBytes) this.spare.push(buffer)
  }

  private launch(): void {
    const generation = ++this.generation
    const cutter = new FrameCutter(
      this.frameBytes,
      () => new Uint8Array(this.spare.pop() ?? new ArrayBuffer(this.frameBytes)),
      (frame) => (generation === this.generation ? this.accept(frame) : undefined),
    )
    cutter.on('error', () => {}) // its end is reported by ffmpeg's own
    this.lastFrameMs = performance.now()
    this.seenFrame = false
    this.grabber = startFfmpeg(this.config, cutter, (reason) => {
      if (generation === this.generation) this.ended(reason)
    })
  }

  private accept(raw: RawFrame): void | Promise<void> {
    this.lastFrameMs = performance.now()
    this.framesIn++
    this.seenFrame = true
    if (this.state.state !== 'online') {
      this.backoff.reset()
      this.setState('online', '')
    }
    const frame: CapturedFrame = { ...raw, ...this.clock.stamp(), cam: this.config }
    if (this.config.pace === 'fast' && kindOf(this.config.source) === 'file') return this.slot.putWaiting(frame)
    const old = this.slot.put(frame)
    if (old) {
      this.dropped++
      this.recycle(old.rgb.buffer)
    }
  }

  private ended(reason: string): void {
    if (!this.running) return
    this.grabber = undefined // nothing runs that could stall until the next attempt
    const wholeFile =
      kindOf(this.config.source) === 'file' && !this.config.loop && this.seenFrame && reason === 'the stream ended'
    this.setState('offline', reason)
    if (wholeFile) {
      this.events.finished?.(this)
      return
    }
    this.retry()
  }

  private retry(): void {
    const wait = this.backoff.next()
    this.log.warn({ cam: this.config.id, reason: this.state.reason, retryMs: wait }, 'capture ended, will start again')
    this.retryTimer = setTimeout(() => this.launch(), wait)
  }

  private checkStall(): void {
    if (!this.grabber) return
    // In fast mode the pipeline decides the pace: a full slot is not the camera's fault.
    if (this.config.pace === 'fast' && kindOf(this.config.source) === 'file') return
    const quietMs = performance.now() - this.lastFrameMs
    if (quietMs < this.config.stallSeconds * 1000) return
    const grabber = this.grabber
    this.grabber = undefined
    this.generation++ // late callbacks of the old process change nothing
    this.setState('stalled', `no frame for ${Math.round(quietMs / 1000)} s`)
    this.ending = grabber.stop().then(() => {
      if (this.running) this.retry()
    })
  }

  private setState(state: CameraStatus, reason: string): void {
    if (state === this.state.state && reason === this.state.reason) return
    this.state = { state, reason, since: new Date().toISOString() }
    this.events.stateChanged(this)
  }
}
