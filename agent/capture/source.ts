/** What a source is: by its scheme, or by what lies at its path. */
import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isPipeline } from '../config/pipeline.js'

/** gst: a pipeline of GStreamer's, which has the camera open itself. sdp: a file that describes an RTP stream; it is read once and what it names is live. */
export type SourceKind = 'rtsp' | 'http' | 'rtmp' | 'srt' | 'udp' | 'rtp' | 'v4l2' | 'sdp' | 'gst' | 'file'

const SCHEMES: Record<string, SourceKind> = {
  rtsp: 'rtsp',
  rtsps: 'rtsp',
  http: 'http',
  https: 'http',
  rtmp: 'rtmp',
  rtmps: 'rtmp',
  srt: 'srt',
  udp: 'udp',
  rtp: 'rtp',
}

export function kindOf(source: string): SourceKind {
  if (isPipeline(source)) return 'gst'
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase()
  if (scheme && SCHEMES[scheme]) return SCHEMES[scheme]
  const path = pathOf(source)
  const found = look(path)
  // A camera that is not plugged in has no device file yet.
  if (found ? found.isCharacterDevice() : /^\/dev\/(video|v4l\/)/.test(path)) return 'v4l2'
  return /\.sdp$/i.test(path) ? 'sdp' : 'file'
}

export const isFile = (source: string): boolean => kindOf(source) === 'file'

/** What lies at a path, so that it can be looked at before it is opened. */
export const isLocal = (source: string): boolean => ['file', 'sdp', 'v4l2'].includes(kindOf(source))

/** The path of a local source, file: or not. */
export const pathOf = (source: string): string => (/^file:\//i.test(source) ? fileURLToPath(source) : source)

/** Why nothing can come from this path, or nothing if something may. */
export function faultOf(path: string): string | undefined {
  const found = look(path)
  if (!found) return `no such ${/^\/dev\/(video|v4l\/)/.test(path) ? 'device' : 'file'}`
  if (found.isDirectory()) return 'a directory; name a video file in it'
  if (found.isFIFO()) return 'a named pipe; a source is a video file, a video device or an address'
  if (found.isSocket() || found.isBlockDevice()) return 'neither a file nor a video device'
  try {
    accessSync(path, constants.R_OK)
  } catch {
    const group = found.isCharacterDevice() ? '; the group `video` may' : ''
    return `the user ${userInfo().username} may not read it${group}`
  }
  if (found.isFile() && found.size === 0) return 'an empty file'
  return undefined
}

/** A picture, which is shown again and again, or something that has frames of its own. */
export function isStill(path: string): boolean {
  const start = beginning(path)
  if (/\.(mjpe?g|mjpeg)$/i.test(path)) return false // pictures in a row begin like one
  const magics = ['ffd8ff', '89504e47', '424d', '49492a00', '4d4d002a']
  const hex = start.toString('hex')
  return (
    magics.some((magic) => hex.startsWith(magic)) || (hex.startsWith('52494646') && hex.slice(16, 24) === '57454250')
  )
}

export const isText = (path: string): boolean => {
  const start = beginning(path)
  return start.length > 0 && start.every((byte) => byte >= 32 || (byte >= 9 && byte <= 13))
}

function beginning(path: string): Buffer {
  const bytes = Buffer.alloc(512)
  try {
    const file = openSync(path, 'r')
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    return bytes.subarray(0, 0)
  }
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
