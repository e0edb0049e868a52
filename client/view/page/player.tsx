/** Plays what a camera recorded: fetched by the segment, decoded in this browser, frame by frame. */
import { useEffect, useRef, useState } from 'preact/hooks'
import * as api from './api.js'
import { Controls } from './controls.js'
import { Keep } from './keep.js'
import type { MaskMode } from './mask.js'
import { drawMask, drawPicture } from './picture.js'
import { Projector, resultOf, timeOf } from './projector.js'
import { Reel } from './reel.js'
import { desk } from './shared.js'
import { Tags } from './tags.js'
import { clock, dayOf } from './time.js'
import { useKeys } from './use-keys.js'

interface Props {
  readonly dev: string
  readonly cam: string
  /** What is wanted; where nothing was recorded, the first thing after it. */
  readonly at: number
  readonly utc: boolean
  readonly mask: MaskMode
  shown(ms: number): void
  moved(ms: number): void
}

export function Player({ dev, cam, at, utc, mask, shown, moved }: Props) {
  const picture = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  /** The last time that the address was given from here: it comes back as `at` and is no wish. */
  const told = useRef<number | undefined>(undefined)
  const [, again] = useState(0)
  const [projector] = useState(() => {
    const changed = () => again((n) => n + 1)
    // Results may come after their frames.
    const reel = new Reel(api, desk, dev, cam, changed)
    return new Projector(reel, {
      frame: (film, index) => desk.frame(film, index),
      draw: (painted) => picture.current && drawPicture(picture.current, painted),
      changed,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    })
  })
  useEffect(() => () => projector.close(), [])
  useEffect(() => {
    if (at === told.current) return
    told.current = undefined
    void projector.seek(at)
  }, [at])

  const { showing } = projector
  const { shot, busy, playing } = showing
  const time = shot && timeOf(shot)
  const result = shot && resultOf(shot)
  useEffect(() => {
    if (time !== undefined) shown(time)
  }, [time])
  useEffect(() => {
    if (overlay.current) drawMask(overlay.current, result?.seg, mask)
  }, [result, mask])

  const tell = () => {
    if (!projector.shot) return
    told.current = timeOf(projector.shot)
    moved(told.current)
  }
  const toggle = () => {
    if (!playing) return void projector.play()
    projector.pause()
    tell()
  }
  const by = (frames: number) => {
    projector.pause()
    void projector.step(frames).then(tell)
  }
  const jump = (index: number) => {
    projector.pause()
    void projector.jump(index).then(tell)
  }
  useKeys({
    ArrowRight: () => by(1),
    ArrowLeft: () => by(-1),
    ' ': toggle,
    Home: () => jump(0),
    End: () => jump((shot?.film.info.frames.length ?? 1) - 1),
  })

  const faults = [...(showing.fault ? [showing.fault] : []), ...(shot?.film.info.faults ?? [])]
  return (
    <div class="player">
      <div class="screen" aria-busy={busy}>
        <canvas
          ref={picture}
          class="picture"
          width="16"
          height="9"
          role="img"
          aria-label={time === undefined ? 'no picture yet' : `${cam} at ${clock(time, utc, true)}`}
        />
        <canvas ref={overlay} class="mask" width="1" height="1" />
        {busy && <span class="waiting">{shot ? '' : 'fetching and decoding …'}</span>}
      </div>
      {faults.map((text) => (
        <p key={text} class="trouble" role="status">
          {text}
        </p>
      ))}
      <Controls {...{ showing, utc, toggle, by, jump }} faster={() => projector.faster()} />
      <div class="about">
        <p>
          <b>
            {dev}/{cam}
          </b>{' '}
          {time !== undefined && (
            <time>
              {dayOf(time, utc)} {clock(time, utc, true)}
            </time>
          )}
        </p>
        <Tags about="What was seen" tags={result?.tags} />
        <Keep {...{ cam, shot, picture, tell }} pause={projector.pause} />
      </div>
    </div>
  )
}
