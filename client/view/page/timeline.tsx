/** A lane for each camera: where frames are, what moved, what came. Drawn on one canvas, so that a day of events costs as much as an hour. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Activity, StoredEvent } from '../source.js'
import { colourOf } from './event-rows.js'
import { markAt, marksOf, msOf, type Scale, ticks, xOf } from './lanes.js'
import { clock, shortClock } from './time.js'
import { actOf } from './use-keys.js'
import { wordsOf } from './words.js'

interface Props {
  /** dev/cam */
  readonly cameras: readonly string[]
  readonly span: { readonly from: number; readonly to: number }
  readonly events: readonly StoredEvent[]
  readonly activity: ReadonlyMap<string, Activity>
  readonly at: number | undefined
  readonly utc: boolean
  seek(camera: string, ms: number): void
  /** By so many parts of what is seen. */
  pan(parts: number): void
  zoom(factor: number, around: number): void
}

const LANE = 44
const AXIS = 22

export function Timeline({ cameras, span, events, activity, at, utc, seek, pan, zoom }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(800)
  const [cursor, setCursor] = useState<{ lane: number; x: number }>()
  const [theme, setTheme] = useState(0)
  const { from, to } = span
  const scale: Scale = { from, to, width }
  const marks = useMemo(() => marksOf(events, scale), [events, from, to, width])
  const height = Math.max(1, cameras.length) * LANE + AXIS
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(100, Math.floor(entry.contentRect.width))))
    if (box.current) watch.observe(box.current)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const changed = () => setTheme((n) => n + 1)
    dark.addEventListener('change', changed)
    return () => {
      watch.disconnect()
      dark.removeEventListener('change', changed)
    }
  }, [])
  useEffect(() => {
    if (canvas.current) draw(canvas.current)
  }, [marks, activity, cameras.join(), at, utc, theme, cursor])

  function draw(target: HTMLCanvasElement): void {
    const sharp = devicePixelRatio || 1
    target.width = width * sharp
    target.height = height * sharp
    const g = target.getContext('2d')
    if (!g) return
    const style = getComputedStyle(target)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    // Asked for once, not for each of thousands of parts: all is drawn anew wherever the pointer goes.
    const [line, quiet, full, moved] = ['--line', '--quiet', '--recorded', '--motion'].map(colour)
    g.scale(sharp, sharp)
    g.font = `11px ${style.fontFamily}`
    g.textBaseline = 'middle'
    for (const tick of ticks(scale, utc)) {
      const x = Math.round(xOf(tick, scale)) + 0.5
      g.fillStyle = line
      g.fillRect(x, 0, 1, height - AXIS)
      g.fillStyle = quiet
      const text = to - from > 600_000 ? shortClock(tick, utc) : clock(tick, utc)
      const wide = g.measureText(text).width
      if (x + wide < width) g.fillText(text, x + 3, height - AXIS / 2)
    }
    cameras.forEach((camera, lane) => {
      const top = lane * LANE
      const { recorded, motion } = activity.get(camera) ?? { recorded: [], motion: [] }
      const part = width / Math.max(1, recorded.length)
      recorded.forEach((there, i) => {
        if (!there) return
        g.fillStyle = full
        g.fillRect(i * part, top + 14, part + 0.5, LANE - 20)
        const share = motion[i]
        if (share === null || share === 0) return
        // The root, since little moves most of the time.
        const tall = Math.max(1, Math.sqrt(Math.min(1, share)) * (LANE - 20))
        g.fillStyle = moved
        g.fillRect(i * part, top + LANE - 6 - tall, Math.max(1, part), tall)
      })
      for (const mark of marks.get(camera) ?? []) {
        g.fillStyle = colourOf(mark.event)
        g.fillRect(mark.x, top + 14, mark.width, LANE - 20)
      }
      g.fillStyle = quiet
      g.fillText(camera, 2, top + 7)
      g.fillStyle = line
      g.fillRect(0, top + LANE - 1, width, 1)
      if (cursor?.lane === lane) {
        g.strokeStyle = colour('--focus')
        g.strokeRect(Math.round(cursor.x) - 0.5, top + 11.5, 1, LANE - 15)
      }
    })
    if (at !== undefined && at >= from && at <= to) {
      g.fillStyle = colour('--accent')
      g.fillRect(Math.round(xOf(at, scale)) - 1, 0, 2, height - AXIS + 4)
    }
  }

  const under = (lane: number, x: number) => {
    const mark = markAt(marks.get(cameras[lane]), x)
    return { mark, ms: mark ? Date.parse(mark.event.since) : msOf(x, scale) }
  }
  const hint = cursor && cameras[cursor.lane] ? under(cursor.lane, cursor.x) : undefined
  const said = hint
    ? `${cameras[cursor!.lane]} ${clock(hint.ms, utc)}${hint.mark ? ` · ${wordsOf(hint.mark.event)}${hint.mark.count > 1 ? ` and ${hint.mark.count - 1} more` : ''}` : ''}`
    : 'Click or press Enter to play from there; arrow keys move, + and - zoom.'
  const go = (lane: number, x: number) => {
    if (cameras[lane]) seek(cameras[lane], under(lane, x).ms)
  }
  const keys: Record<string, (x: number, lane: number) => void> = {
    ArrowRight: (x, lane) => (x + 8 > width ? pan(0.5) : setCursor({ lane, x: x + 8 })),
    ArrowLeft: (x, lane) => (x - 8 < 0 ? pan(-0.5) : setCursor({ lane, x: x - 8 })),
    ArrowDown: (x, lane) => setCursor({ lane: Math.min(cameras.length - 1, lane + 1), x }),
    ArrowUp: (x, lane) => setCursor({ lane: Math.max(0, lane - 1), x }),
    Home: (_x, lane) => setCursor({ lane, x: 0 }),
    End: (_x, lane) => setCursor({ lane, x: width - 1 }),
    Enter: (x, lane) => go(lane, x),
    '+': (x) => zoom(1 / 4, msOf(x, scale)),
    '-': (x) => zoom(4, msOf(x, scale)),
  }
  return (
    <div class="timeline">
      <div
        ref={box}
        class="lanes"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application hears keys
        tabIndex={0}
        role="application"
        aria-roledescription="timeline"
        aria-label={`Timeline of ${cameras.join(', ') || 'no camera'}, ${clock(from, utc)} to ${clock(to, utc)}, ${events.length} events. They stand in the list below, too.`}
        onPointerMove={({ offsetX, offsetY }) => setCursor({ lane: Math.floor(offsetY / LANE), x: offsetX })}
        onPointerLeave={() => setCursor(undefined)}
        onClick={({ offsetX, offsetY }) => go(Math.floor(offsetY / LANE), offsetX)}
        onWheel={(wheel) => {
          if (!wheel.ctrlKey && !wheel.shiftKey) return
          wheel.preventDefault()
          if (wheel.shiftKey) pan(Math.sign(wheel.deltaY || wheel.deltaX) * 0.25)
          else zoom(wheel.deltaY > 0 ? 2 : 1 / 2, msOf(wheel.offsetX, scale))
        }}
        onKeyDown={(press) => {
          const act = actOf(keys, press)
          if (!act) return
          press.preventDefault()
          press.stopPropagation()
          act(cursor?.x ?? xOf(at ?? (from + to) / 2, scale), cursor?.lane ?? 0)
        }}
      >
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} />
      </div>
      <p class="hint">{said}</p>
    </div>
  )
}
