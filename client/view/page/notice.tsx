/** What is wrong with the connection, across the page. */
import { feed } from './shared.js'
import { useFeed } from './use-feed.js'

export function Notice({ fault }: { fault: string | undefined }) {
  useFeed()
  const text = fault ?? feed.notice
  return (
    <div role="status" class="notices">
      {text && <p class="notice">{text}</p>}
    </div>
  )
}
