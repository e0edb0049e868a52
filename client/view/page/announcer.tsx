/** For screen readers: who comes and who goes, never what each frame shows. */
import { feed } from './shared.js'
import { clock } from './time.js'
import { useFeed } from './use-feed.js'
import { wordsOf } from './words.js'

export function Announcer({ utc }: { utc: boolean }) {
  useFeed()
  const { news } = feed
  const text = news
    ? `${news.cam}: ${wordsOf(news)}, ${clock(Date.parse(news.phase === 'start' ? news.since : news.until), utc)}`
    : ''
  return (
    <div class="unseen" aria-live="polite">
      {text}
    </div>
  )
}
