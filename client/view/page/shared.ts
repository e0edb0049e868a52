/** What the page has one of: the feed, the decoder, the connection that what is live comes by. */
import { Backoff } from '../../../contract/backoff.js'
import { liveAddress, liveFault } from './api.js'
import { Desk } from './decoder/desk.js'
import { Feed } from './feed.js'

export const feed = new Feed()
export const desk = new Desk()

/** Does something later. @returns not, after all */
type Later = (work: () => void, ms: number) => () => void

const later: Later = (work, ms) => {
  const timer = setTimeout(work, ms)
  return () => clearTimeout(timer)
}

const FIRST_MS = 2000
const MOST_MS = 30_000

let leaveLast = () => {}

/** Follows what comes, with the pictures of these cameras. A second call replaces the first. @returns ends it */
export function watchPictures(cameras: readonly string[], wait = later): () => void {
  leaveLast()
  const backoff = new Backoff(FIRST_MS, MOST_MS)
  let over = false
  let complaint: string | undefined
  let source: EventSource
  let forget = () => {}
  const complain = (text: string) => {
    complaint = `${text.replace(/\.$/, '')}; trying again. What is shown is from before.`
    feed.hear({ kind: 'notice', text: complaint })
  }
  const open = () => {
    const mine = new EventSource(liveAddress(cameras))
    source = mine
    for (const kind of ['camera', 'result', 'event', 'notice'] as const)
      mine.addEventListener(kind, ({ data }) => feed.hear({ kind, ...JSON.parse(data) }))
    mine.addEventListener('bits', ({ data }) => {
      const { dev, cam, records } = JSON.parse(data)
      desk.records(`${dev}/${cam}`, bytesOf(records))
    })
    mine.addEventListener('open', () => {
      backoff.reset()
      if (complaint !== undefined && feed.notice === complaint) feed.hear({ kind: 'notice', text: undefined })
      complaint = undefined
    })
    mine.addEventListener('error', () => {
      // Of a connection that broke the browser takes care; after an answer that is no stream it has given up.
      if (mine.readyState !== CLOSED) return complain('The viewing server does not answer')
      forget = wait(open, backoff.next())
      void liveFault().then((fault) => {
        if (!over && source === mine && fault !== undefined) complain(fault)
      })
    })
  }
  const leave = () => {
    over = true
    forget()
    source.close()
  }
  leaveLast = leave
  open()
  return leave
}

/** EventSource.CLOSED */
const CLOSED = 2

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
