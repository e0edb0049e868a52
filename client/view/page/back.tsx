/** Looking back: filters, a timeline of the day, its events, and what it looked like. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Activity, StoredEvent } from '../source.js'
import * as api from './api.js'
import { EventRows } from './event-rows.js'
import { Filters } from './filters.js'
import { type Found, faultsSaid, loadEvents, MOST_EVENTS } from './history.js'
import { zoomed } from './lanes.js'
import type { MaskMode } from './mask.js'
import type { Place } from './place.js'
import { Player } from './player.js'
import { feed, watchPictures } from './shared.js'
import { daySpan } from './time.js'
import { Timeline } from './timeline.js'
import { useFeed } from './use-feed.js'
import { troubleOf } from './words.js'

/** Lanes at once; a choice of device or camera shows others. */
const MOST_LANES = 8
const BUCKETS = 288

interface Props {
  readonly place: Place
  readonly mask: MaskMode
  go(place: Partial<Place>, replace?: boolean): void
}

export function Back({ place, mask, go }: Props) {
  useFeed()
  useEffect(() => watchPictures([]), [])
  const at = place.at ?? Date.now()
  const { from, to } = daySpan(at, place.utc)
  const all = feed.list()
  const fitting = all.filter(({ dev, cam }) => (!place.dev || dev === place.dev) && (!place.cam || cam === place.cam))
  const lanes = fitting.slice(0, MOST_LANES).map(({ dev, cam }) => `${dev}/${cam}`)
  const devs = [...new Set(fitting.map(({ dev }) => dev))].join()
  const { events, complete, faults } = useEvents(place, devs, from, to)
  const fault = faultsSaid(faults)
  const [spanMs, setSpanMs] = useState(to - from)
  const [around, setAround] = useState(at)
  const span = zoomed({ from, to }, Math.min(Math.max(around, from), to), spanMs)
  const activity = useActivity(lanes, span.from, span.to)
  const [played, setPlayed] = useState<number>()
  const current =
    place.dev && place.cam ? { dev: place.dev, cam: place.cam } : fitting.length === 1 ? fitting[0] : undefined
  const classes = useMemo(() => namesOf(events, (event) => event.class), [events])
  const looked = useMemo(
    () => events.find((event) => Date.parse(event.since) === place.at && event.cam === place.cam)?.id,
    [events, place.at, place.cam],
  )
  const zones = useMemo(() => namesOf(events, (event) => event.zone), [events])
  const known = (pick: 'classes' | 'zones') => all.flatMap((camera) => [...camera[pick]])
  const away = fitting.map(troubleOf).find(Boolean)
  const seek = (camera: string, ms: number) => {
    const [dev, cam] = camera.split('/')
    setPlayed(undefined)
    go({ dev, cam, at: Math.round(ms) })
  }
  return (
    <div class="back">
      <Filters
        place={place}
        cameras={all}
        classes={[...new Set([...known('classes'), ...classes])]}
        zones={[...new Set([...known('zones'), ...zones])]}
        go={go}
      />
      {(fault ?? away) && (
        <p class="trouble" role="status">
          {fault ?? away}
        </p>
      )}
      <section aria-label="Timeline" class="panel">
        <div class="zoom">
          <h2>{fitting.length > MOST_LANES ? `The first ${MOST_LANES} of ${fitting.length} cameras` : 'The day'}</h2>
          {[24, 6, 1, 0.25].map((hours) => {
            const ms = Math.min(hours * 3_600_000, to - from)
            return (
              <button
                key={hours}
                type="button"
                aria-pressed={Math.abs(spanMs - ms) < 1000}
                onClick={() => {
                  setAround(played ?? at)
                  setSpanMs(ms)
                }}
              >
                {hours >= 1 ? `${hours} h` : '15 min'}
              </button>
            )
          })}
        </div>
        <Timeline
          cameras={lanes}
          span={span}
          events={events}
          activity={activity}
          at={played ?? at}
          utc={place.utc}
          seek={seek}
          pan={(parts) => setAround((span.from + span.to) / 2 + parts * (span.to - span.from))}
          zoom={(factor, ms) => {
            setAround(ms)
            setSpanMs(Math.min(to - from, Math.max(30_000, spanMs * factor)))
          }}
        />
      </section>
      <div class="stage">
        <section aria-label="Player" class="panel">
          {current ? (
            <Player
              key={`${current.dev}/${current.cam}`}
              dev={current.dev}
              cam={current.cam}
              at={at}
              utc={place.utc}
              mask={mask}
              shown={setPlayed}
              moved={(ms) => go({ dev: current.dev, cam: current.cam, at: ms }, true)}
            />
          ) : (
            <p class="empty">Choose a camera, an event, or a place in the timeline to see what it looked like.</p>
          )}
        </section>
        <aside aria-label="Events of the day">
          <h2>
            {events.length.toLocaleString('en')} {eventsSaid(events.length, complete, fault !== undefined)}
          </h2>
          <EventRows
            events={events}
            utc={place.utc}
            empty={emptySaid(complete, fault !== undefined)}
            current={looked}
            open={(event) => seek(`${event.dev}/${event.cam}`, Date.parse(event.since))}
          />
        </aside>
      </div>
    </div>
  )
}

function eventsSaid(count: number, complete: boolean, faulty: boolean): string {
  if (complete && faulty) return `${count === 1 ? 'event' : 'events'} that could be had`
  if (complete) return count === 1 ? 'event' : 'events'
  return count >= MOST_EVENTS ? 'events and more: filter them' : 'events so far …'
}

/** That there are none is said only where every box has said so. */
function emptySaid(complete: boolean, faulty: boolean): string {
  if (!complete) return 'Asking for events …'
  return faulty ? 'No events could be had: above stands why.' : 'No events of this kind on this day.'
}

const namesOf = (events: readonly StoredEvent[], pick: (event: StoredEvent) => string | null): string[] => [
  ...new Set(events.flatMap((event) => pick(event) ?? [])),
]

const nothing: Found = { events: [], complete: false, faults: new Map() }

function useEvents({ cam, class: of, zone }: Place, devs: string, from: number, to: number): Found {
  const [state, setState] = useState(nothing)
  useEffect(() => {
    const stop = new AbortController()
    setState(nothing)
    if (devs === '') return
    const wanted = { devs: devs.split(','), cam, class: of, zone, from, to }
    void loadEvents(api.events, wanted, setState, stop.signal)
    return () => stop.abort()
  }, [devs, cam, of, zone, from, to])
  return state
}

/** While it is zoomed and moved nothing is asked: what was known of other times is drawn no more. */
const SETTLED_MS = 250

function useActivity(cameras: readonly string[], from: number, to: number): ReadonlyMap<string, Activity> {
  const [activity, setActivity] = useState<ReadonlyMap<string, Activity>>(new Map())
  useEffect(() => {
    const stop = new AbortController()
    setActivity(new Map())
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
    const load = async () => {
      for (const camera of cameras) {
        const [dev, cam] = camera.split('/')
        // Without it the lane is empty; what is wrong is said of the events.
        const found = await api.activity({ dev, cam, ...times, buckets: BUCKETS }, stop.signal).catch(() => undefined)
        if (stop.signal.aborted) return
        if (found) setActivity((before) => new Map(before).set(camera, found))
      }
    }
    const timer = setTimeout(() => void load(), SETTLED_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [cameras.join(), from, to])
  return activity
}
