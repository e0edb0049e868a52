/** One running gst-launch-1.0: raw RGB frames of a fixed size on a pipe of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { redactor } from '../address.js'
import { wordsOf } from '../config/pipeline.js'
import type { Grabber, Source } from './ffmpeg.js'
import { markChildren } from './orphans.js'
import { couldNotStart, endingWithUs, find } from './programs.js'
import { THE_END } from './reason.js'
import { cpuMsOf } from './stat.js'

export const PROGRAM = 'gst-launch-1.0'
const NOT_INSTALLED =
  'GStreamer is not installed: sudo apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good'
/** How long it may take to let go of a camera after SIGINT before it is killed. */
const KILL_AFTER_MS = 2000
const LINES = 60
const LINE_CHARS = 500

/** What the setpriv of this machine cannot do is not tried again. */
const without = { deathSignal: false }

/** As startFfmpeg: `ended` is called exactly once, with the reason, however the process ends. */
export function startGstreamer(source: Source, sink: Writable, ended: (reason: string) => void): Grabber {
  const redacted = redactor(source.source)
  const program = find(PROGRAM)
  if (!program) {
    queueMicrotask(() => ended(NOT_INSTALLED))
    return { cpuMs: () => undefined, stop: async () => {} }
  }
  markChildren()
  const setpriv = without.deathSignal ? undefined : find('setpriv')
  const child = spawn(setpriv ?? program, [...(setpriv ? endingWithUs(program) : []), ...argumentsOf(source)], {
    // What an element prints does not come between the pictures.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (lines.length < LINES) lines.push(line.slice(0, LINE_CHARS)) // the first ones tell most
  })
  const pictures = child.stdio[3] as Readable
  pictures.on('error', () => {})
  pictures.pipe(sink)
  let finished = false
  const finish = (reason: string) => {
    if (finished) return
    finished = true
    ended(redacted(reason))
  }
  child.on('error', (error) => finish(error.message))
  // Its last frames may still be on their way through the pipe.
  child.on('close', (code, signal) => {
    if (couldNotStart(lines)) without.deathSignal = true
    finish(reasonOf(code, signal, lines))
  })
  return {
    cpuMs: () => cpuMsOf(child.pid),
    async stop() {
      sink.destroy()
      await end(child, pictures)
    },
  }
}

async function end(child: ChildProcess, pictures: Readable): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGINT') // it then lets go of the camera
  pictures.destroy() // nobody reads any more: a write that waits must not keep it
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  await gone
  clearTimeout(timer)
}

/** The pipeline, and behind it: fewer frames, before any work is done on them; shape; size; RGB. */
export function argumentsOf({ source, width, height, fps, fit = 'crop' }: Source): string[] {
  const rate = `video/x-raw,framerate=[0/1,${Math.max(1, Math.round(fps * 1000))}/1000]`
  const cropped = fit === 'crop' ? ['!', 'aspectratiocrop', `aspect-ratio=${width}/${height}`] : []
  return [
    '-q',
    ...wordsOf(source),
    ...['!', 'videorate', 'drop-only=true', '!', rate, '!', 'videoconvert', ...cropped],
    ...['!', 'videoscale', 'method=bilinear2', `add-borders=${fit === 'pad'}`],
    ...['!', `video/x-raw,format=RGB,width=${width},height=${height},pixel-aspect-ratio=1/1`],
    ...['!', 'fdsink', 'fd=3', 'sync=false'],
  ]
}

/** Which package has an element, by the beginning of its name. */
const PACKAGES: [RegExp, string][] = [
  [/^nv/, 'nvidia-l4t-gstreamer'],
  [/^libcamera/, 'gstreamer1.0-libcamera'],
  [/^avdec/, 'gstreamer1.0-libav'],
  [/^(v4l2|rtsp|rtp|aspectratiocrop|jpegdec|souphttp)/, 'gstreamer1.0-plugins-good'],
  [/^(h26[45]parse|srt|openjpeg)/, 'gstreamer1.0-plugins-bad'],
  [/^(videorate|videoconvert|videoscale|videotestsrc|decodebin|uridecodebin)/, 'gstreamer1.0-plugins-base'],
]

export function reasonOf(code: number | null, signal: NodeJS.Signals | null, lines: readonly string[]): string {
  const missing = /no element "([\w-]+)"/.exec(lines.join('\n'))?.[1]
  if (missing) {
    const found = PACKAGES.find(([name]) => name.test(missing))?.[1]
    return `GStreamer has no element ${missing}: ${found ? `sudo apt-get install ${found}` : 'gst-inspect-1.0 shows which there are'}`
  }
  const erroneous = /erroneous pipeline: (.*)/.exec(lines.join('\n'))?.[1]
  if (erroneous) return `the pipeline is not right: ${erroneous}`
  const fault = lines.map((line) => /^ERROR: from element (?:\S*\/)?(\S+?)\d*: (.*)/.exec(line)).find(Boolean)
  if (fault) return `${fault[1]}: ${fault[2]}${systemError(lines)}`
  if (signal) return `${PROGRAM} was killed (${signal}${signal === 'SIGKILL' ? '; out of memory?' : ''})`
  return code === 0 ? THE_END : (lines.find((line) => /error/i.test(line)) ?? `${PROGRAM} failed`)
}

/** Of a device: what the kernel said, which is more than the element does. */
function systemError(lines: readonly string[]): string {
  const said = lines.map((line) => /^system error: (.*)/.exec(line)?.[1]).find(Boolean)
  return said ? ` (${said.toLowerCase()})` : ''
}
