/** Whether a source can be one, once ${NAME} is what the environment has. What is said of it repeats nothing of it. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAddress, isWholePath } from '../address.js'
import { isPipeline, wrongPipeline } from './pipeline.js'
import { hasControlCharacter } from './text.js'

export const SOURCES =
  'rtsp(s)://, http(s)://, rtmp(s)://, srt://, udp:// or rtp://, /dev/videoN, gst:PIPELINE, or the path of a video file'

/** What to write instead, or nothing if it may be right. @param folder what a file's relative path goes by */
export function wrongSource(source: string, folder = '.'): string | undefined {
  if (source !== source.trim()) return 'has a blank at its beginning or end; take it out'
  if (/^file:\//i.test(source)) return wrongFile(source)
  if (isPipeline(source)) return wrongPipeline(source)
  if (isAddress(source))
    return /^(rtsps?|https?|rtmps?|srt|udp|rtp):\/\/./i.test(source) ? undefined : `expected ${SOURCES}`
  // A file may lie on a disk that is not there yet.
  if (isWholePath(source) || existsSync(resolve(folder, source))) return undefined
  const [, scheme] = /^(rtsps?|https?|rtmps?|srt|udp|rtp):\/?[^/]/i.exec(source) ?? []
  if (scheme) return `an address has two slashes behind its scheme: write ${scheme}://…`
  const found = /[@:]/.exec(source.includes('@') ? '@' : source)?.[0]
  return (
    found &&
    `has ${found === '@' ? 'an @' : 'a colon'} in it, and is neither an address nor a file that is there; an address begins with rtsp:// or another scheme and two slashes, a file of that name with ./ or /`
  )
}

/** What a path would be made of that is not the one that was meant, or none at all. */
function wrongFile(source: string): string | undefined {
  const instead = 'write file:///path/of/the/file, or the path alone'
  try {
    const { search, hash } = new URL(source)
    if (search || hash) return `a ? is written %3F and a # %23 in a file: address; ${instead}`
    return hasControlCharacter(fileURLToPath(source)) ? `a control character in it; ${instead}` : undefined
  } catch {
    return `a file: address has a whole path behind three slashes, and %25 for a %; ${instead}`
  }
}
