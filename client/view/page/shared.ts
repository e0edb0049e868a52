/** What the page has one of: the feed, the decoder, the connection that what is live comes by. */
import { liveAddress } from './api.js'
import { Desk } from './decoder/desk.js'
import { Feed } from './feed.js'

export const feed = new Feed()
export const desk = new Desk()

let source: EventSource | undefined

/** Follows what comes, with the pictures of these cameras. A second call replaces the first. @returns ends it */
export function watchPictures(cameras: readonly string[]): () => void {
  source?.close()
  const mine = new EventSource(liveAddress(cameras))
  source = mine
  for (const kind of ['camera', 'result', 'event', 'notice'] as const)
    mine.addEventListener(kind, ({ data }) => feed.hear({ kind, ...JSON.parse(data) }))
  mine.addEventListener('bits', ({ data }) => {
    const { dev, cam, records } = JSON.parse(data)
    desk.records(`${dev}/${cam}`, bytesOf(records))
  })
  mine.addEventListener('error', () =>
    feed.hear({
      kind: 'notice',
      text: 'The viewing server does not answer; trying again. What is shown is from before.',
    }),
  )
  return () => {
    mine.close()
    if (source === mine) source = undefined
  }
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
