/** The player's buttons and the place in the segment. */
import { type Showing, timeOf } from './projector.js'
import { clock } from './time.js'

interface Props {
  readonly showing: Showing
  readonly utc: boolean
  toggle(): void
  by(frames: number): void
  jump(index: number): void
  faster(): void
}

export function Controls({ showing, utc, toggle, by, jump, faster }: Props) {
  const { shot, playing, speed } = showing
  return (
    <div class="controls">
      <div class="buttons">
        <button type="button" onClick={() => by(-1)} aria-label="One frame back" disabled={!shot}>
          ‹
        </button>
        <button type="button" class="play" onClick={toggle} disabled={!shot}>
          {playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" onClick={() => by(1)} aria-label="One frame on" disabled={!shot}>
          ›
        </button>
        <button type="button" aria-label={`Speed ${speed} times`} onClick={faster}>
          {speed}×
        </button>
      </div>
      <input
        type="range"
        min={0}
        max={(shot?.film.info.frames.length ?? 1) - 1}
        value={shot?.index ?? 0}
        disabled={!shot}
        aria-label="Frame of the segment"
        aria-valuetext={shot ? clock(timeOf(shot), utc, true) : ''}
        onInput={({ currentTarget }) => jump(Number(currentTarget.value))}
      />
    </div>
  )
}
