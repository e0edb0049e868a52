/** Plays what a camera recorded: fetched by the segment, decoded in this browser, frame by frame. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import * as api from './api.js'
import type { MaskMode } from './mask.js'
import { drawMask, drawPicture } from './picture.js'
import { frameAt, type OpenFilm, Reel } from './reel.js'
import { saveMp4, savePng, sayMp4 } from './save.js'
import { desk } from './shared.js'
import { clock, dayOf } from './time.js'
import { tagsShown } from './words.js'

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

interface Shot {
  readonly film: OpenFilm
  readonly index: number
}

const speeds = [1, 2, 4, 0.5]
/** Where nothing was recorded in between, it goes on after this. */
const LONGEST_GAP_MS = 2000

export function Player({ dev, cam, at, utc, mask, shown, moved }: Props) {
  const picture = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const reel = useRef<Reel | undefined>(undefined)
  const now = useRef<Shot | undefined>(undefined)
  const turn = useRef(0)
  /** The last time that the address was given from here: it comes back as `at` and is no wish. */
  const told = useRef<number | undefined>(undefined)
  const stepping = useRef(false)
  const next = useRef<(() => Promise<void>) | undefined>(undefined)
  const [shot, setShot] = useState<Shot>()
  const [busy, setBusy] = useState(true)
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState(1)
  const [fault, setFault] = useState<string>()
  const [said, setSaid] = useState<string>()

  const show = useCallback(async (film: OpenFilm, index: number, mine = ++turn.current): Promise<boolean> => {
    const painted = await desk.frame(film.id, index)
    if (mine !== turn.current) return false
    if (picture.current) drawPicture(picture.current, painted)
    now.current = { film, index }
    setShot(now.current)
    setBusy(false)
    shown(film.info.frames[index].at)
    return true
  }, [])

  /** One thing after the other: a newer wish makes an older one void. */
  const wish = useCallback(async (work: (reel: Reel, mine: number) => Promise<string | undefined>) => {
    const mine = ++turn.current
    setBusy(true)
    try {
      const text = await work(reel.current!, mine)
      if (mine === turn.current) setFault(text)
    } catch (error) {
      if (mine !== turn.current) return
      setPlaying(false)
      setFault((error as Error).message)
    } finally {
      if (mine === turn.current) setBusy(false)
    }
  }, [])

  useEffect(() => {
    const mine = new Reel(api, desk, dev, cam, () => setShot((one) => one && { ...one }))
    reel.current = mine
    return () => {
      turn.current++
      mine.close()
    }
  }, [dev, cam])

  useEffect(() => {
    if (at === told.current) return
    told.current = undefined
    if (now.current && now.current.film.info.frames[now.current.index].at === at) return
    void wish(async (from, mine) => {
      const film = await from.at(at)
      if (mine !== turn.current) return undefined
      if (!film) {
        setShot(undefined)
        now.current = undefined
        return 'Nothing was recorded here, nor in the six hours after.'
      }
      await show(film, frameAt(film, at), mine)
      return undefined
    })
  }, [dev, cam, at])

  useEffect(() => {
    const result = shot && resultOf(shot)
    if (overlay.current) drawMask(overlay.current, result?.seg, mask)
  }, [shot, mask])

  /** Of steps one is under way and the last one waits: a key that is held down must not make each void before it is shown. */
  const gently = useCallback(async (work: () => Promise<void>): Promise<void> => {
    if (stepping.current) {
      next.current = work
      return
    }
    stepping.current = true
    try {
      for (let one: typeof next.current = work; one; ) {
        next.current = undefined
        await one()
        one = next.current
      }
    } finally {
      stepping.current = false
    }
  }, [])

  const step = useCallback(
    (by: number): Promise<void> =>
      gently(() => {
        const from = now.current
        if (!from) return Promise.resolve()
        return wish(async (of, mine) => {
          const index = from.index + by
          if (index >= 0 && index < from.film.info.frames.length) {
            await show(from.film, index, mine)
            return undefined
          }
          const film = await (by > 0 ? of.after(from.film) : of.before(from.film))
          if (mine !== turn.current) return undefined
          if (!film) {
            setPlaying(false)
            return by > 0 ? 'That is all that was recorded so far.' : 'Nothing was recorded just before.'
          }
          await show(film, by > 0 ? 0 : film.info.frames.length - 1, mine)
          return undefined
        })
      }),
    [wish],
  )

  const jump = (index: number) =>
    void gently(async () => {
      const from = now.current
      if (from) await wish(async (_reel, mine) => void (await show(from.film, index, mine)))
    })

  useEffect(() => {
    if (!playing) return
    let over = false
    void (async () => {
      while (!over && now.current) {
        const began = performance.now()
        const { film, index } = now.current
        // The next one is there when it is wanted.
        if (index === 0) void reel.current?.after(film).catch(() => {})
        await step(1)
        const next = now.current
        if (!next || (next.film === film && next.index === index)) break
        const gap = next.film.info.frames[next.index].at - film.info.frames[index].at
        const due = Math.min(LONGEST_GAP_MS, Math.max(0, gap)) / speed - (performance.now() - began)
        if (due > 0) await new Promise((resolve) => setTimeout(resolve, due))
      }
      if (!over) setPlaying(false)
    })()
    return () => {
      over = true
    }
  }, [playing, speed])

  const tell = () => {
    if (!now.current) return
    told.current = now.current.film.info.frames[now.current.index].at
    moved(told.current)
  }
  const pause = () => {
    setPlaying(false)
    tell()
  }
  const toggle = () => (playing ? pause() : setPlaying(true))
  const by = (frames: number) => {
    setPlaying(false)
    void step(frames).then(tell)
  }
  const last = (shot?.film.info.frames.length ?? 1) - 1
  const keys: Record<string, () => void> = {
    ArrowRight: () => by(1),
    ArrowLeft: () => by(-1),
    ' ': toggle,
    Home: () => jump(0),
    End: () => jump(last),
  }
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const act = keys[event.key]
      const { target } = event
      const taken =
        target instanceof HTMLElement && target.closest('input, select, textarea, [role=listbox], [role=application]')
      const ofButton = event.key === ' ' && target instanceof HTMLButtonElement
      if (!act || taken || ofButton || event.ctrlKey || event.altKey || event.metaKey) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })

  const frame = shot?.film.info.frames[shot.index]
  const tags = tagsShown(shot && resultOf(shot)?.tags)
  const name = frame ? `${cam}-${shot.film.info.boot}-${frame.seq}` : ''
  const faults = [...(fault ? [fault] : []), ...(shot?.film.info.faults ?? [])]
  return (
    <div class="player">
      <div class="screen" aria-busy={busy}>
        <canvas
          ref={picture}
          class="picture"
          width="16"
          height="9"
          role="img"
          aria-label={frame ? `${cam} at ${clock(frame.at, utc, true)}` : 'no picture yet'}
        />
        <canvas ref={overlay} class="mask" width="1" height="1" />
        {busy && <span class="waiting">{shot ? '' : 'fetching and decoding …'}</span>}
      </div>
      {faults.map((text) => (
        <p key={text} class="trouble" role="status">
          {text}
        </p>
      ))}
      <div class="controls">
        <div class="buttons">
          <button type="button" onClick={() => by(-1)} aria-label="One frame back" disabled={!shot}>
            ‹
          </button>
          <button type="button" class="play" onClick={toggle} aria-pressed={playing} disabled={!shot}>
            {playing ? 'Pause' : 'Play'}
          </button>
          <button type="button" onClick={() => by(1)} aria-label="One frame on" disabled={!shot}>
            ›
          </button>
          <button
            type="button"
            aria-label={`Speed ${speed} times`}
            onClick={() => setSpeed(speeds[(speeds.indexOf(speed) + 1) % speeds.length])}
          >
            {speed}×
          </button>
        </div>
        <input
          type="range"
          min={0}
          max={last}
          value={shot?.index ?? 0}
          disabled={!shot}
          aria-label="Frame of the segment"
          aria-valuetext={frame ? clock(frame.at, utc, true) : ''}
          onInput={({ currentTarget }) => {
            setPlaying(false)
            jump(Number(currentTarget.value))
          }}
        />
      </div>
      <div class="about">
        <p>
          <b>
            {dev}/{cam}
          </b>{' '}
          {frame && (
            <time>
              {dayOf(frame.at, utc)} {clock(frame.at, utc, true)}
            </time>
          )}
        </p>
        <ul class="tags" aria-label="What was seen">
          {tags.map(({ id, label, p }) => (
            <li key={id}>
              {label} <small>{Math.round(p * 100)} %</small>
            </li>
          ))}
        </ul>
        <div class="buttons">
          <button
            type="button"
            disabled={!shot}
            onClick={() => picture.current && void savePng(picture.current, name).then(setSaid)}
          >
            Save PNG
          </button>
          <button
            type="button"
            disabled={!shot}
            onClick={() => {
              if (!shot) return
              setPlaying(false)
              setSaid('making the video …')
              void saveMp4(shot.film, desk, setSaid).then(setSaid, (error) => setSaid(sayMp4(error)))
            }}
          >
            Save MP4
          </button>
          <button
            type="button"
            disabled={!frame}
            onClick={() => {
              if (!frame) return
              tell()
              navigator.clipboard?.writeText(location.href).then(
                () => setSaid('The link to this moment is in the clipboard.'),
                () => setSaid('The link to this moment stands in the address bar.'),
              ) ?? setSaid('The link to this moment stands in the address bar.')
            }}
          >
            Copy link
          </button>
        </div>
      </div>
      <p class="said" role="status">
        {said}
      </p>
    </div>
  )
}

function resultOf({ film, index }: Shot) {
  for (let i = index; i >= 0; i--) {
    const found = film.results.get(film.info.frames[i].seq)
    if (found) return found
  }
  return undefined
}
