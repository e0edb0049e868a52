/** A `gst:` source: a GStreamer pipeline as it is written for gst-launch-1.0, up to where pictures come out. No shell ever sees it. */

export const isPipeline = (source: string): boolean => /^gst:/i.test(source)

/** Its words, as a shell would part them: blanks part, quotes hold together and go. @throws {Error} */
export function wordsOf(source: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (const char of source.replace(/^gst:/i, '')) {
    if (quote && char === quote) quote = ''
    else if (!quote && (char === '"' || char === "'")) [quote, word] = [char, word ?? '']
    else if (!quote && char === ' ') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote) throw new Error(`a ${quote} is not closed`)
  return word === undefined ? words : [...words, word]
}

/** What to write instead, or nothing if it may be right; whether there are such elements only GStreamer knows. */
export function wrongPipeline(source: string): string | undefined {
  let words: string[]
  try {
    words = wordsOf(source)
  } catch (error) {
    return (error as Error).message
  }
  const instead = 'write it as for gst-launch-1.0, like gst:v4l2src device=/dev/video0'
  if (words.length === 0) return `no pipeline behind gst: ; ${instead}`
  if (words[0] === '!' || words.at(-1) === '!')
    return `a ! stands between two elements; what makes pictures of it is added behind: ${instead}`
  if (words.some((word, i) => word === '!' && words[i + 1] === '!')) return `two ! in a row; ${instead}`
  const option = words.find((word) => word.startsWith('-'))
  if (option) return `${option} is an option of gst-launch-1.0, which takes none here; ${instead}`
  if (words[0] === 'gst-launch-1.0') return `gst-launch-1.0 is not a part of it; ${instead}`
  const last = words.findLast((_, i) => i === 0 || words[i - 1] === '!')!
  if (/sink$/.test(last)) return `it ends with ${last}, which keeps the pictures for itself; leave that out`
  return undefined
}

/** Its elements alone: properties may hold addresses and passwords. */
export function shownPipeline(source: string): string {
  const body = source.replace(/^gst:/i, '')
  return `gst:${body
    .split('!')
    .map((part) => part.trim().split(' ')[0]!)
    .filter((word) => /^[a-z][\w-]*$/i.test(word))
    .join(' ! ')}`
}
