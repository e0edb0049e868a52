/** All cameras as they are now. */
import { useEffect, useState } from 'preact/hooks'
import type { CameraView } from '../source.js'
import { EventRows } from './event-rows.js'
import type { MaskMode } from './mask.js'
import type { Place } from './place.js'
import { feed, watchPictures } from './shared.js'
import { Tile } from './tile.js'
import { useFeed } from './use-feed.js'

/** More would be decoded so slowly that each is old when it is shown. */
const TILES_AT_ONCE = 12

interface Props {
  readonly place: Place
  readonly mask: MaskMode
  go(place: Partial<Place>): void
}

export function Live({ place, mask, go }: Props) {
  useFeed()
  const [page, setPage] = useState(0)
  const all = feed.list().filter(({ dev }) => place.dev === undefined || dev === place.dev)
  const pages = Math.max(1, Math.ceil(all.length / TILES_AT_ONCE))
  const at = Math.min(page, pages - 1)
  const shown = all.slice(at * TILES_AT_ONCE, (at + 1) * TILES_AT_ONCE)
  const wanted = shown.map(nameOf).join(',')
  useEffect(() => watchPictures(wanted === '' ? [] : wanted.split(',')), [wanted])
  const open = ({ dev, cam }: { dev: string; cam: string }, ms?: number) =>
    go({ view: 'back', dev, cam, at: ms ?? Date.now() - 10_000 })
  return (
    <div class="live">
      <section aria-label="Cameras">
        {all.length === 0 && (
          <p class="empty">No camera has been heard of yet. As soon as a box says that it is there, it stands here.</p>
        )}
        <ul class={`tiles tiles-${Math.min(4, Math.max(1, shown.length))}`}>
          {shown.map((camera) => (
            <Tile
              key={nameOf(camera)}
              camera={camera}
              mask={mask}
              utc={place.utc}
              open={() => open(camera, newest(camera))}
            />
          ))}
        </ul>
        {pages > 1 && (
          <nav class="pages" aria-label="Pages of cameras">
            <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
              Back
            </button>
            <span>
              {at * TILES_AT_ONCE + 1} to {at * TILES_AT_ONCE + shown.length} of {all.length}
            </span>
            <button type="button" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
              Next
            </button>
          </nav>
        )}
      </section>
      <aside aria-label="Events as they come">
        <h2>Events</h2>
        <EventRows
          events={feed.events}
          utc={place.utc}
          empty="Nothing has come or gone within the last hour."
          open={(event) => open(event, Date.parse(event.since))}
        />
      </aside>
    </div>
  )
}

/** Where nothing comes live, what was recorded last is looked at. */
const newest = ({ last }: CameraView): number | undefined => (last && feed.notice ? Date.parse(last) : undefined)

const nameOf = ({ dev, cam }: CameraView): string => `${dev}/${cam}`
