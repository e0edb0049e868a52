/**
 * One camera, kept alive: starts ffmpeg, watches that frames keep coming, starts it again with back-off when it ends,
 * fails or stalls, and says what state it is in. Never gives up, never needs the agent restarted.
 */
import { Backoff } from '../../contract/backoff.js'
import { Clock, type Stamp } from '../clock.js'
import type { Camera as CameraConfig } from '../config/schema.js'
import type { Log } from '../log.js'
import { Arrivals } from './arrivals.js'
import type { Grabber } from './ffmpeg.js'
import { FrameCutter, type RawFrame } from './frames.js'
import { startGrabber } from './grabber.js'
import { Pace } from './pace.js'
import { THE_END } from './reason.js'
import { SLOT_FRAMES, Slot } from './slot.js'
import { isFile, kindOf } from './source.js'

export interface CapturedFrame extends RawFrame, Stamp {
  readonly cam: CameraConfig
  /** When it could be taken, by performance.now(): ffmpeg hands on what arrived long before. */
  readonly readyMs: number
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

/** Buffers kept for reuse: one being filled, those in the slot, three in inference. */
const SPARE_BUFFERS = SLOT_FRAMES + 4
/** A camera that says nothing at first may just be slow: each time it is given twice as long, up to so many times the limit. */
const PATIENCE = 4
/** A camera that was online for less has not recovered: the next wait is longer still. */
const STEADY_MS = 10_000
/** A file of a moment is not read more often than that. */
const LOOP_MS = 1000
/** An arrival longer ago than this is a wall clock that was set meanwhile. */
const OLDEST_MS = 120_000
/** Cameras lock an account after a few wrong passwords, often for half an hour. */
const LOGIN_WAIT_MS = [60_000, 1_800_000] as const

/** A camera's time without a frame until its capture is restarted. */
export const stallMs = ({ stallSeconds, fps }: Pick<CameraConfig, 'stallSeconds' | 'fps'>): number =>
  1000 * (stallSeconds ?? Math.max(10, 3 / fps))

export class Camera {
  readonly slot: Slot<CapturedFrame>
  state: CameraState
  /** What ffmpeg says that it is: codec, size, rate; undefined until it has. */
  stream: string | undefined
  framesIn = 0
  dropped = 0
  /** How often ffmpeg was started. */
  attempts = 0
  private grabber: Grabber | undefined
  private generation = 0
  private running = false
  private seenFrame = false
  private lastFrameMs = 0
  private onlineMs = 0
  private launchedMs = 0
  /** Of the last frame, by the clock that no one sets. */
  private stampedMs = Number.NEGATIVE_INFINITY
  private patience = 1
  /** The longest time between two frames of this connection. */
  private gapMs = 0
  private file = false
  private interlaced = false
  private said = ''
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
    private readonly loginBackoff = new Backoff(...LOGIN_WAIT_MS),
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
    this.stallTimer = setInterval(() => this.checkStall(), Math.min(1000, stallMs(this.config) / 4))
  }

  async stop(): Promise<void> {
    if (!this.running) return
    this.running = false
    this.generation++
    clearInterval(this.stallTimer)
    clearTimeout(this.retryTimer)
    this.slot.clear()
    await Promise.all([this.grabber?.stop(), this.ending])
    this.setState('offline', 'the agent stopped')
  }

  /** Processor time of the capture that runs; undefined where that is not known. */
  captureCpuMs(): number | undefined {
    return this.grabber?.cpuMs()
  }

  /** ffmpeg runs, whether or not frames come. */
  get capturing(): boolean {
    return this.grabber !== undefined
  }

  /** Takes back a frame's buffer once nobody reads it any more. */
  recycle(buffer: ArrayBuffer): void {
    if (this.spare.length < SPARE_BUFFERS && buffer.byteLength === this.frameBytes) this.spare.push(buffer)
  }

  private launch(): void {
    const generation = ++this.generation
    const mine = () => generation === this.generation
    const arrivals = new Arrivals()
    // Where a pipeline states no rate GStreamer lets all of it through; nor does it tell when a frame arrived.
    const pace = kindOf(this.config.source) === 'gst' ? new Pace(this.config.fps) : undefined
    this.file = isFile(this.config.source)
    this.launchedMs = performance.now()
    this.attempts++
    const cutter = new FrameCutter(
      this.frameBytes,
      () => new Uint8Array(this.spare.pop() ?? new ArrayBuffer(this.frameBytes)),
      async (frame) => {
        const arrived = this.file || pace ? undefined : await arrivals.next()
        if (!mine()) return
        if (pace && !pace.takes(performance.now())) return this.recycle(frame.rgb.buffer)
        return this.accept(frame, arrived)
      },
    )
    cutter.on('error', () => {}) // its end is reported by ffmpeg's own
    this.lastFrameMs = performance.now()
    this.seenFrame = false
    this.gapMs = 0
    this.grabber = startGrabber(
      { ...this.config, deinterlace: this.interlaced },
      cutter,
      (reason, fault) => {
        if (!mine()) return
        if (fault === 'again' && this.running) this.launch()
        else this.ended(reason, fault === 'login')
      },
      (line) => {
        if (arrivals.line(line) || !mine()) return
        this.stream ??= streamIn(line)
        if (!this.file) this.lookForFields(line)
      },
    )
  }

  /** ffmpeg says what the stream is before its first frame; taking fields apart needs another start. */
  private lookForFields(line: string): void {
    if (this.interlaced || !/Stream #0.*Video: .*\b(top|bottom) (coded )?first/.test(line)) return
    this.interlaced = true
    const grabber = this.grabber
    this.grabber = undefined
    this.generation++
    this.ending = (grabber?.stop() ?? Promise.resolve()).then(() => {
      if (this.running) this.launch()
    })
  }

  private accept(raw: RawFrame, arrivedUs: number | undefined): void | Promise<void> {
    const now = performance.now()
    if (this.seenFrame) this.gapMs = Math.max(this.gapMs, now - this.lastFrameMs)
    this.lastFrameMs = now
    this.framesIn++
    this.seenFrame = true
    if (this.state.state !== 'online') {
      this.onlineMs = now
      this.setState('online', '')
    }
    const frame: CapturedFrame = { ...raw, ...this.stampOf(arrivedUs), cam: this.config, readyMs: now }
    if (this.config.pace === 'fast' && this.file) return this.slot.putWaiting(frame)
    const old = this.slot.put(frame)
    if (old) {
      this.dropped++
      this.recycle(old.rgb.buffer)
    }
  }

  private stampOf(arrivedUs: number | undefined): Stamp {
    const stamp = this.clock.stamp()
    const toldMs = arrivedUs === undefined ? 0 : Date.now() - arrivedUs / 1000
    // Not before the one before it: of that one ffmpeg's word may have come too late.
    const ageMs = Math.min(toldMs < OLDEST_MS ? toldMs : 0, stamp.bootMs - this.stampedMs)
    this.stampedMs = stamp.bootMs - Math.max(0, ageMs)
    if (!(ageMs > 0)) return stamp
    return {
      ...stamp,
      timeUs: Math.round(stamp.timeUs - ageMs * 1000),
      // From this the time is made again when it is known better.
      bootMs: stamp.bootMs - ageMs,
      monoNs: stamp.monoNs - BigInt(Math.round(ageMs * 1e6)),
    }
  }

  private ended(reason: string, login: boolean): void {
    if (!this.running) return
    this.grabber = undefined // nothing runs that could stall until the next attempt
    const wholeFile = this.file && this.seenFrame && reason === THE_END
    if (wholeFile && this.config.loop) {
      // Of a raw stream ffmpeg cannot find the beginning again.
      this.retryTimer = setTimeout(() => this.launch(), Math.max(0, this.launchedMs + LOOP_MS - performance.now()))
      return
    }
    this.setState('offline', reason)
    if (wholeFile) {
      this.events.finished?.(this)
      return
    }
    this.retry(login)
  }

  private retry(login = false): void {
    if (this.seenFrame && performance.now() - this.onlineMs > STEADY_MS) {
      this.backoff.reset()
      this.loginBackoff.reset()
      this.said = ''
    }
    const wait = (login ? this.loginBackoff : this.backoff).next()
    const { reason } = this.state
    const fields = { cam: this.config.id, reason, retryMs: wait }
    if (reason === this.said) this.log.debug(fields, 'capture ended again')
    else this.log.warn(fields, 'capture ended, will start again')
    this.said = reason
    this.retryTimer = setTimeout(() => this.launch(), wait)
  }

  private checkStall(): void {
    if (!this.grabber) return
    // In fast mode the pipeline decides the pace: a full slot is not the camera's fault.
    if (this.config.pace === 'fast' && this.file) return
    const quietMs = performance.now() - this.lastFrameMs
    const limitMs = Math.max(stallMs(this.config) * this.patience, 3 * this.gapMs)
    if (quietMs < limitMs) return
    const grabber = this.grabber
    this.grabber = undefined
    this.generation++ // late callbacks of the old process change nothing
    if (!this.seenFrame) this.patience = Math.min(PATIENCE, this.patience * 2)
    this.setState('stalled', `no frame for ${stallMs(this.config) / 1000} s`)
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

/** "Stream #0:0: Video: h264 (High), yuv420p(tv), 1920x1080 [SAR 1:1], 25 fps, …" -> h264 1920x1080, 25 fps */
function streamIn(line: string): string | undefined {
  const [, codec, size, rest = ''] = /Stream #0.*Video: (\w+).*?\b(\d{2,5}x\d{2,5})\b(.*)/.exec(line) ?? []
  if (!codec) return undefined
  const [fps] = /[\d.]+ fps/.exec(rest) ?? []
  return `${codec} ${size}${fps ? `, ${fps}` : ''}`
}
