/** The only file that knows fluent-ffmpeg: one running ffmpeg process, raw RGB frames of a fixed size on a pipe. */
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Writable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import { withoutSecrets } from '../address.js'

export interface Source {
  /** rtsp://…, /dev/videoN or a file's path */
  readonly source: string
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly loop: boolean
  readonly pace: 'realtime' | 'fast'
}

export interface Grabber {
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>
}

export type SourceKind = 'rtsp' | 'v4l2' | 'file'
export const kindOf = (source: string): SourceKind =>
  /^rtsps?:\/\//.test(source) ? 'rtsp' : source.startsWith('/dev/') ? 'v4l2' : 'file'

/** How long ffmpeg may take to end after SIGTERM before it is killed. */
const KILL_AFTER_MS = 2000

/** `ended` is called exactly once, with the reason, however the process ends. */
export function startFfmpeg(source: Source, sink: Writable, ended: (reason: string) => void): Grabber {
  const kind = kindOf(source.source)
  if (kind !== 'rtsp' && !existsSync(source.source)) {
    const reason = `${withoutSecrets(source.source)}: no such ${kind === 'v4l2' ? 'device' : 'file'}`
    queueMicrotask(() => ended(reason))
    return { stop: async () => {} }
  }
  const command = ffmpeg(source.source, { logger: undefined, niceness: 0 })
    .inputOptions(inputOptions(kind, source))
    .noAudio()
    .outputOptions([
      '-vf',
      `fps=${source.fps},scale=${source.width}:${source.height}:flags=area`,
      '-pix_fmt',
      'rgb24',
      '-f',
      'rawvideo',
    ])
  let finished = false
  let stopping = false
  let child: ChildProcess | undefined
  const finish = (reason: string) => {
    if (finished) return
    finished = true
    ended(withoutSecrets(reason))
  }
  const end = () => {
    child?.kill('SIGTERM') // lets ffmpeg say goodbye to an RTSP server
    child?.stdout?.destroy() // nobody reads any more: a write that waits must not keep it
  }
  command.on('start', () => {
    // The library looks at ffmpeg's abilities before it spawns, so a stop may come first.
    child = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc
    if (stopping) end()
  })
  command.on('end', () => {
    // The process is gone, its last frames may still be on their way through the pipe.
    if (sink.writableFinished || sink.destroyed) return finish('the stream ended')
    for (const event of ['finish', 'close'] as const) sink.once(event, () => finish('the stream ended'))
  })
  command.on('error', (error: Error, _stdout: unknown, stderr: unknown) =>
    finish(reasonOf(error, String(stderr ?? ''))),
  )
  command.pipe(sink, { end: true })
  return {
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

function inputOptions(kind: SourceKind, source: Source): string[] {
  if (kind === 'rtsp') return ['-rtsp_transport', 'tcp', '-fflags', 'nobuffer', '-flags', 'low_delay']
  if (kind === 'v4l2') return ['-f', 'v4l2', '-framerate', String(source.fps)]
  return [...(source.pace === 'realtime' ? ['-re'] : []), ...(source.loop ? ['-stream_loop', '-1'] : [])]
}

/** ffmpeg's last line that says something; its exit code alone helps nobody at 3 a.m. */
function reasonOf(error: Error, stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) =>
      /error|invalid|fail|refused|unreachable|timed out|denied|not found|no such|unauthorized|404|401/i.test(line),
    )
  return lines.at(-1) ?? error.message.split('\n')[0] ?? 'ffmpeg failed'
}
