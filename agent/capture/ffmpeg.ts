/** The only file that knows fluent-ffmpeg: one running ffmpeg process, raw RGB frames of a fixed size on a pipe. */
import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import { redactor } from '../address.js'
import { inputOf, outputOf } from './arguments.js'
import { markChildren } from './orphans.js'
import { couldNotStart, endingWithUs, find } from './programs.js'
import { type Ended, NOT_INSTALLED, reasonOf, THE_END } from './reason.js'
import { faultOf, isLocal, kindOf, pathOf } from './source.js'
import { cpuMsOf } from './stat.js'

export { kindOf }

export interface Source {
  /** An address, a video device or a file's path */
  readonly source: string
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly loop: boolean
  readonly pace: 'realtime' | 'fast'
  readonly fit?: 'stretch' | 'crop' | 'pad'
  readonly transport?: 'auto' | 'tcp' | 'udp'
  readonly inputFormat?: string | undefined
  readonly inputSize?: string | undefined
  readonly decode?: { readonly hwaccel: string; readonly skip: 'none' | 'nonref' | 'nokey' }
  /** The stream says that it is interlaced. */
  readonly deinterlace?: boolean
}

export interface Grabber {
  /** Processor time of the process so far; undefined where there is no /proc, or no process. */
  cpuMs(): number | undefined
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>
}

/** How long ffmpeg may take to end after SIGTERM before it is killed. */
const KILL_AFTER_MS = 2000
/** The last lines of ffmpeg's log that are kept for the reason; a line may be as long as a megabyte. */
const LINES = 60
const LINE_CHARS = 500

/** Options that some version of a program, or the box, refused, so that the next attempt does without. */
const without = { deathSignal: false, vsync: false, script: false, hwaccels: new Set<string>() }

/**
 * `ended` is called exactly once, with the reason, however the process ends. `logged` gets the lines of ffmpeg's log.
 */
export function startFfmpeg(
  source: Source,
  sink: Writable,
  ended: (reason: string, fault?: Ended['fault']) => void,
  logged: (line: string) => void = () => {},
): Grabber {
  const redacted = redactor(source.source)
  const program = find('ffmpeg', process.env.FFMPEG_PATH)
  const refusal = localFault(source.source) ?? (program ? undefined : NOT_INSTALLED)
  if (refusal || !program) {
    queueMicrotask(() => ended(redacted(refusal!)))
    return { cpuMs: () => undefined, stop: async () => {} }
  }
  const { command, script } = commandOf(source, program)
  let finished = false
  let stopping = false
  let child: ChildProcess | undefined
  const finish = ({ reason, fault }: Ended) => {
    if (finished) return
    finished = true
    ended(redacted(reason), fault)
  }
  const end = () => {
    child?.kill('SIGTERM') // lets ffmpeg say goodbye to an RTSP server
    child?.stdout?.destroy() // nobody reads any more: a write that waits must not keep it
  }
  const lines: string[] = []
  command.on('stderr', (line: string) => {
    logged(line)
    if (!/\[(error|fatal|panic)\]/.test(line) && /\[[a-z]+\]/.test(line)) return
    if (lines.push(line.slice(0, LINE_CHARS)) > LINES) lines.splice(LINES / 2, 1) // the first ones tell most
  })
  command.on('start', () => {
    child = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc
    child.stdin?.on('error', () => {}) // it may have ended already
    child.stdin?.end(script ?? '')
    if (stopping) end()
  })
  command.on('end', () => {
    // The process is gone, its last frames may still be on their way through the pipe.
    const done = () => finish({ reason: THE_END })
    if (sink.writableFinished || sink.destroyed) return done()
    for (const event of ['finish', 'close'] as const) sink.once(event, done)
  })
  command.on('error', (error: Error) => {
    const said = (words: RegExp) => lines.some((line) => words.test(line))
    const refused = {
      deathSignal: couldNotStart(lines),
      vsync: said(/unrecognized option 'vsync'/i),
      script: said(/unknown keyword.*option/i),
    }
    const again = (['deathSignal', 'vsync', 'script'] as const).filter((option) => refused[option] && !without[option])
    for (const option of again) without[option] = true
    if (said(/hwaccel|device type \w+ needed|device creation failed|hardware device setup/i))
      without.hwaccels.add(source.decode?.hwaccel ?? 'none')
    // What the pipe says may come before what the process died of.
    const signal = child?.signalCode
    const cause = signal ? new Error(`ffmpeg was killed with signal ${signal}`) : error
    const why = reasonOf(source.source, cause, lines)
    finish(again.length > 0 ? { ...why, fault: 'again' } : why)
  })
  command.pipe(sink, { end: true })
  return {
    cpuMs: () => cpuMsOf(child?.pid),
    async stop() {
      stopping = true
      sink.destroy()
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise<void>((resolve) => child!.once('exit', () => resolve()))
      end()
      const timer = setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS)
      await gone
      clearTimeout(timer)
    },
  }
}

function commandOf(source: Source, program: string): { command: ffmpeg.FfmpegCommand; script: string | undefined } {
  markChildren()
  // The kernel ends ffmpeg with the agent, however that one dies; what is left without it is swept at the next start.
  const setpriv = without.deathSignal ? undefined : find('setpriv')
  const { decode } = source
  const decoded =
    decode && without.hwaccels.has(decode.hwaccel) ? { ...source, decode: { ...decode, hwaccel: 'none' } } : source
  const { options, url, script } = inputOf(decoded, !without.script)
  const output = outputOf(source)
  const command = ffmpeg({ logger: undefined, niceness: 0, stdoutLines: LINES })
    .setFfmpegPath(setpriv ?? program)
    .input(url)
    .inputOptions([
      ...(setpriv ? endingWithUs(program) : []),
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+info'],
      ...options,
    ])
    .noAudio()
    .outputOptions(without.vsync ? output.map((option) => (option === '-vsync' ? '-fps_mode' : option)) : output)
  // Else it asks the program for its formats and encoders first, two more processes at every start, and setpriv has none.
  Object.assign(command, {
    _checkCapabilities: (done: () => void) => done(),
    availableEncoders: (done: (error: undefined, encoders: object) => void) => done(undefined, {}),
  })
  return { command, script }
}

function localFault(source: string): string | undefined {
  if (!isLocal(source)) return undefined
  const path = pathOf(source)
  const fault = faultOf(path)
  return fault && `${path}: ${fault}`
}
