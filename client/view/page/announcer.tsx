/** For screen readers: who comes and who goes, never what each frame shows. */
import { feed } from './shared.js'
import { clock } from './time.js'
import { useFeed } from './use-feed.js'
import { wordsOf } from './words.js'

export function Announcer({ utc }: { utc: boolean }) {
  useFeed()
  const newest = feed.events[0]
  const text =
    newest && newest.phase !== 'update'
      ? `${newest.cam}: ${wordsOf(newest)}, ${clock(Date.parse(newest.phase === 'start' ? newest.since : newest.until), utc)}`
      : ''
  return (
    <div class="unseen" aria-live="polite">
      {text}
    </div>
  )
}
