/** Events as a list of any length: one row has the focus, arrow keys move it, Enter opens. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { classColour } from '../../decode/palette.js'
import type { StoredEvent } from '../source.js'
import { rowsAt, scrollTo } from './rows.js'
import { clock } from './time.js'
import { actOf } from './use-keys.js'
import { detailOf } from './words.js'

interface Props {
  readonly events: readonly StoredEvent[]
  readonly utc: boolean
  readonly empty: string
  /** id of the one that is looked at */
  readonly current?: string | undefined
  open(event: StoredEvent): void
}

const ROW = 44

export function EventRows({ events, utc, empty, current, open }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(600)
  const [active, setActive] = useState(0)
  useEffect(() => {
    if (!box.current) return
    const watch = new ResizeObserver(([entry]) => setHeight(entry.contentRect.height))
    watch.observe(box.current)
    return () => watch.disconnect()
  }, [events.length === 0])
  if (events.length === 0) return <p class="empty">{empty}</p>
  const at = Math.min(active, events.length - 1)
  const { first, end } = rowsAt(events.length, ROW, top, height)
  const move = (to: number) => {
    const row = Math.max(0, Math.min(events.length - 1, to))
    setActive(row)
    if (box.current) box.current.scrollTop = scrollTo(row, ROW, box.current.scrollTop, height)
  }
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    PageDown: () => move(at + Math.floor(height / ROW)),
    PageUp: () => move(at - Math.floor(height / ROW)),
    Home: () => move(0),
    End: () => move(events.length - 1),
    Enter: () => open(events[at]),
  }
  return (
    <div
      ref={box}
      class="rows"
      role="listbox"
      aria-label="Events"
      tabIndex={0}
      aria-activedescendant={at >= first && at < end ? `event-${at}` : undefined}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={(press) => {
        const act = actOf(keys, press)
        if (!act) return
        press.preventDefault()
        press.stopPropagation()
        act()
      }}
    >
      <div class="rail" style={{ height: `${events.length * ROW}px` }}>
        {events.slice(first, end).map((event, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which row is meant
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list hears the keys
          <div
            key={`${event.dev}/${event.id}`}
            id={`event-${first + i}`}
            role="option"
            aria-selected={event.id === current}
            aria-posinset={first + i + 1}
            aria-setsize={events.length}
            class={`row${first + i === at ? ' active' : ''}`}
            style={{ transform: `translateY(${(first + i) * ROW}px)` }}
            onClick={() => {
              setActive(first + i)
              open(event)
            }}
          >
            <span class="swatch" style={{ background: colourOf(event) }} aria-hidden="true" />
            <time>{clock(Date.parse(event.since), utc)}</time>
            <span class="what">
              <span>
                {event.label}
                {event.zone === null ? '' : ` in ${event.zone}`}
              </span>
              <small>{detailOf(event)}</small>
            </span>
          </div>
        ))}
      </div>
    </div>
  )
}

/** As the mask has it, lighter, so that it stands out on a dark page too. */
export const colourOf = ({ class: of, label }: Pick<StoredEvent, 'class' | 'label'>): string => {
  const names: Record<string, string> = { vehicle: 'car', two_wheeler: 'two-wheeler' }
  const colour = classColour(names[of] ?? label, of.length)
  return `rgb(${colour.map((part) => Math.round(part + (255 - part) * 0.3)).join(' ')})`
}
