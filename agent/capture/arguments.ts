/** ffmpeg's arguments for a source. Only options that mean the same in versions 4.4 to 7. */
import { parseAddress } from '../address.js'
import type { Source } from './ffmpeg.js'
import { isStill, kindOf, pathOf, type SourceKind } from './source.js'

export interface Input {
  readonly options: readonly string[]
  readonly url: string
  /** What ffmpeg reads on its standard input: the address, where it holds what others must not see. */
  readonly script?: string
}

/** What a source may lead to: a playlist or a redirect that somebody else wrote must not open local files. */
const REACHES: Record<Exclude<SourceKind, 'gst'>, string> = {
  rtsp: 'rtsp,rtp,srtp,udp,tcp,tls,http,https',
  http: 'http,https,httpproxy,tcp,tls,hls,crypto',
  rtmp: 'rtmp,rtmps,rtmpt,rtmpts,ffrtmphttp,tcp,tls,http,https',
  srt: 'srt',
  udp: 'udp',
  rtp: 'rtp,srtp,udp',
  v4l2: 'file',
  sdp: 'file,rtp,srtp,udp',
  file: 'file',
}

/** Recordings that are reached over http: they come faster than they play. */
const RECORDING = /\.(m3u8|mpd|mp4|m4v|mov|mkv|webm|avi|ts)([?#]|$)/i

/**
 * A live source's frames are stamped when they arrive, and as little as possible is looked at first: a camera that sends
 * one frame in two seconds would otherwise take half a minute. `nobuffer` lets go of the frames that were looked at:
 * their time of arrival is lost.
 */
const LIVE = ['-use_wallclock_as_timestamps', '1', '-fflags', 'nobuffer', '-fpsprobesize', '0']
/** RTSP names its streams and their codecs before the first frame; elsewhere the container has to be recognised. */
const LITTLE = ['-probesize', '32', '-analyzeduration', '1']
const SOME = ['-probesize', '500000', '-analyzeduration', '500000']

export function inputOf(source: Source, hide = true): Input {
  const { options, ...input } = addressed(source, hide)
  return { options: [...decoding(source), ...options], ...input }
}

/** Of the decoder: where it runs, and what it leaves out. */
function decoding({ decode: { hwaccel, skip } = { hwaccel: 'none', skip: 'none' } }: Source): string[] {
  return [
    ...(hwaccel === 'none' ? [] : ['-hwaccel', hwaccel]),
    ...(skip === 'none' ? [] : ['-skip_frame', skip === 'nonref' ? 'noref' : skip]),
  ]
}

function addressed(source: Source, hide: boolean): Input {
  const kind = kindOf(source.source)
  if (kind === 'gst') throw new Error('a pipeline is for GStreamer, not for ffmpeg')
  const open = opened(kind, source)
  const reach = ['-protocol_whitelist', REACHES[kind]]
  if (kind === 'v4l2') return { options: [...LIVE, '-flags', 'low_delay', ...open], url: pathOf(source.source) }
  if (kind === 'file') return { options: [...reach, ...open], url: `file:${pathOf(source.source)}` }
  if (kind === 'sdp') return { options: [...LIVE, ...reach, ...open], url: `file:${pathOf(source.source)}` }
  const re = kind === 'http' && RECORDING.test(source.source) ? ['-re'] : []
  const outside = ['-flags', 'low_delay', ...re]
  if (!hide || !isSecret(source.source))
    return { options: [...LIVE, ...open, ...reach, ...outside], url: source.source }
  return {
    options: [
      ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', `pipe,${REACHES[kind]}`],
      ...['-fflags', 'nobuffer', '-fpsprobesize', '0', ...LITTLE, ...outside],
    ],
    url: 'pipe:0',
    script: script(source.source, [...LIVE, ...open]),
  }
}

/** How a source is opened; options of the container or protocol. */
function opened(kind: SourceKind, source: Source): string[] {
  switch (kind) {
    case 'rtsp':
      return [...LITTLE, ...transport(source), '-allowed_media_types', 'video']
    case 'sdp':
      return [...LITTLE]
    case 'v4l2':
      return v4l2(source)
    case 'file':
      return file(source)
    case 'udp':
      return [...SOME, '-overrun_nonfatal', '1']
    default:
      return [...SOME]
  }
}

/** Everybody on the machine can read a process's arguments, and nobody else's pipe. */
const isSecret = (source: string): boolean => {
  const { username, rest, scheme } = parseAddress(source)
  return username !== undefined || /[?=]/.test(rest) || scheme.startsWith('rtmp')
}

/** A list of one address for ffmpeg's concat demuxer, which opens it with the options given. */
function script(url: string, options: readonly string[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const lines = ['ffconcat version 1.0', `file ${quoted(url)}`]
  for (let i = 0; i < options.length; i += 2) lines.push(`option ${options[i]!.slice(1)} ${quoted(options[i + 1]!)}`)
  return `${lines.join('\n')}\n`
}

function transport({ transport = 'tcp' }: Source): string[] {
  return transport === 'auto' ? ['-rtsp_flags', 'prefer_tcp'] : ['-rtsp_transport', transport]
}

function v4l2({ fps, inputFormat, inputSize }: Source): string[] {
  return [
    ...['-f', 'v4l2'],
    ...(inputFormat ? ['-input_format', inputFormat] : []),
    ...(inputSize ? ['-video_size', inputSize] : []),
    // No camera has a mode slower than that; what is too much is left out.
    ...['-framerate', String(Math.max(1, fps))],
  ]
}

function file({ source, pace, loop, fps }: Source): string[] {
  const re = pace === 'realtime' ? ['-re'] : []
  if (isStill(pathOf(source)))
    return [...re, '-f', 'image2', '-pattern_type', 'none', ...(loop ? ['-loop', '1'] : []), '-framerate', String(fps)]
  return [...re, ...(loop ? ['-stream_loop', '-1'] : [])]
}

export function outputOf(source: Source): string[] {
  const live = kindOf(source.source) !== 'file'
  const filters = [
    ...(source.deinterlace || !live ? ['yadif=deint=interlaced'] : []),
    rateLimit(source.fps, live),
    ...fit(source),
    ...(live ? ['settb=1/1000000', 'showinfo=checksum=0'] : []),
  ]
  return [
    ...(live ? ['-copyts'] : []),
    ...['-vf', filters.join(',')],
    // Without it ffmpeg makes up frames of its own, to a constant rate.
    ...['-vsync', 'passthrough'],
    // Raw pictures are 'encoded' on as many threads as there are cores, each of which holds back a frame.
    ...['-threads', '1'],
    // Or the end of a frame stays in ffmpeg's buffer until the next one comes.
    ...['-flush_packets', '1'],
    ...['-pix_fmt', 'rgb24', '-f', 'rawvideo'],
  ]
}

/**
 * Leaves frames out before any work is done on them, and never makes any up. Of what is live, by the clock and not by
 * the camera's time stamps; ld(0) is when the next frame is due. Half a frame's time early is early enough, since what
 * comes early makes the next one due later: never more than the rate, however uneven the network.
 * A wall clock that is set back would let nothing pass until it is there again: far ahead counts as due.
 */
export function rateLimit(fps: number, live: boolean): string {
  const every = 1 / fps
  const now = live ? 'time(0)' : 't'
  const early = seconds(every * (live ? 0.5 : 0.1))
  const stepped = `lt(${now},ld(0)-${seconds(every * 2.5)})`
  // A file's frames come when they say: what comes late does not make the next one late, so that 12.5 a second give 5.
  const since = live ? now : `${now}-${seconds(every * 0.9)}`
  const due = `if(${stepped}+isnan(ld(0)),${now},max(ld(0),${since}))`
  const first = live ? '' : `eq(n,0)+`
  return `select='if(${first}gte(${now},ld(0)-${early})+${stepped},st(0,${due}+${seconds(every)})+1,0)'`
}

/** crop and pad keep the camera's proportions, whatever the shape of its pixels. */
function fit({ width, height, fit = 'crop' }: Source): string[] {
  const scale = `scale=${width}:${height}:flags=area`
  if (fit === 'stretch') return [scale]
  if (fit === 'crop') return [`crop=w='min(iw,ih*${width}/${height}/sar)':h='min(ih,iw*sar*${height}/${width})'`, scale]
  const even = (side: string) => `trunc(${side}/2+0.5)*2`
  const w = even(`min(${width},${height}*dar)`)
  const h = even(`min(${height},${width}/dar)`)
  return [`scale=w='${w}':h='${h}':flags=area`, `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`]
}

const seconds = (s: number) => s.toFixed(6)
