/** What was seen in a frame, each with how sure that is. */
import type { Tag } from '../source.js'
import { tagsShown } from './words.js'

export function Tags({ about, tags }: { about: string; tags: readonly Tag[] | undefined }) {
  return (
    <ul class="tags" aria-label={about}>
      {tagsShown(tags).map(({ id, label, p }) => (
        <li key={id}>
          {label} <small>{Math.round(p * 100)} %</small>
        </li>
      ))}
    </ul>
  )
}
