/** One camera, live: the newest picture that this browser has decoded, the mask over it, what is there. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { CameraView } from '../source.js'
import { keyframe } from './api.js'
import type { NoTile, TilePicture } from './decoder/desk.js'
import type { MaskMode } from './mask.js'
import { drawMask, drawPicture } from './picture.js'
import { desk, feed } from './shared.js'
import { Tags } from './tags.js'
import { clock } from './time.js'
import { healthOf, missingWords, troubleOf } from './words.js'

interface Props {
  readonly camera: CameraView
  readonly mask: MaskMode
  readonly utc: boolean
  open(): void
}

export function Tile({ camera, mask, utc, open }: Props) {
  const { dev, cam } = camera
  const name = `${dev}/${cam}`
  const picture = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const mode = useRef(mask)
  mode.current = mask
  const [at, setAt] = useState<number>()
  const [fault, setFault] = useState<string>()
  useEffect(
    () =>
      desk.watch(name, (message: TilePicture | NoTile) => {
        if (message.what === 'no-tile') {
          if (message.key) void keyframe(dev, cam).catch(() => {})
          else setFault(message.text)
          return
        }
        if (picture.current) drawPicture(picture.current, message.painted)
        const result = feed.resultOf(name, message.boot, message.seq)
        if (overlay.current) drawMask(overlay.current, result?.seg, mode.current)
        setAt(message.at)
        setFault(undefined)
      }),
    [name],
  )
  useEffect(() => {
    if (overlay.current) drawMask(overlay.current, feed.latest(name)?.seg, mask)
  }, [mask])
  const trouble = troubleOf(camera) ?? fault
  return (
    <li class={`tile ${healthOf(camera)}`}>
      <button type="button" class="screen" onClick={open} aria-label={`Look back at ${name}`}>
        <canvas ref={picture} class="picture" width={camera.width ?? 16} height={camera.height ?? 9} />
        <canvas ref={overlay} class="mask" width={1} height={1} />
        {at === undefined && (!trouble || camera.last) && (
          <span class="waiting">{feed.notice ? missingWords(camera, utc) : 'waiting for a keyframe'}</span>
        )}
      </button>
      <div class="caption">
        <span class="dot" aria-hidden="true" />
        <h2>
          {cam} <small>{dev}</small>
        </h2>
        <Tags about="What is seen" tags={feed.latest(name)?.tags} />
        <time>{at === undefined ? '' : clock(at, utc)}</time>
      </div>
      {camera.present.length > 0 && (
        <p class="present">
          {camera.present.map(({ id, label, zone, since }) => (
            <span key={id}>
              {label}
              {zone === null ? '' : ` in ${zone}`} since {clock(Date.parse(since), utc)}
            </span>
          ))}
        </p>
      )}
      {trouble && <p class="trouble">{trouble}</p>}
    </li>
  )
}
