/** What of the past is looked at. */
import type { CameraView } from '../source.js'
import type { Place } from './place.js'
import { dayOf, dayStart, otherDay } from './time.js'

interface Props {
  readonly place: Place
  readonly cameras: readonly CameraView[]
  /** Found in events that were loaded. */
  readonly classes: readonly string[]
  readonly zones: readonly string[]
  go(place: Partial<Place>, replace?: boolean): void
}

export function Filters({ place, cameras, classes, zones, go }: Props) {
  const at = place.at ?? Date.now()
  const devs = [...new Set(cameras.map(({ dev }) => dev))]
  const cams = [...new Set(cameras.filter(({ dev }) => !place.dev || dev === place.dev).map(({ cam }) => cam))]
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Device"
        all="every device"
        value={place.dev}
        values={devs}
        set={(dev) => go({ dev, cam: undefined })}
      />
      <Choice label="Camera" all="every camera" value={place.cam} values={cams} set={(cam) => go({ cam })} />
      <Choice label="Class" all="everything" value={place.class} values={classes} set={(of) => go({ class: of })} />
      <Choice label="Zone" all="everywhere" value={place.zone} values={zones} set={(zone) => go({ zone })} />
      <label>
        Day
        <span class="day">
          <button type="button" aria-label="The day before" onClick={() => go({ at: otherDay(at, -1, place.utc) })}>
            ‹
          </button>
          <input
            type="date"
            aria-label="Day"
            value={dayOf(at, place.utc)}
            onChange={({ currentTarget }) => {
              const start = dayStart(currentTarget.value, place.utc)
              if (start !== undefined) go({ at: start })
            }}
          />
          <button type="button" aria-label="The day after" onClick={() => go({ at: otherDay(at, 1, place.utc) })}>
            ›
          </button>
        </span>
      </label>
      <button type="button" onClick={() => go({ at: Date.now() })}>
        Now
      </button>
    </form>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly all: string
  readonly value: string | undefined
  readonly values: readonly string[]
  set(value: string | undefined): void
}

function Choice({ label, all, value, values, set }: ChoiceProps) {
  // One that a link names stays in the list, whether it is known or not.
  const options = [...new Set([...values, ...(value ? [value] : [])])].sort()
  return (
    <label>
      {label}
      <select value={value ?? ''} onChange={({ currentTarget }) => set(currentTarget.value || undefined)}>
        <option value="">{all}</option>
        {options.map((one) => (
          <option key={one} value={one} selected={one === value}>
            {one}
          </option>
        ))}
      </select>
    </label>
  )
}
