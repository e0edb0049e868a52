/** What can be taken along of what is shown: picture, video, link. */
import { useState } from 'preact/hooks'
import { type Shot, timeOf } from './projector.js'
import { saveMp4, savePng, sayMp4 } from './save.js'
import { desk } from './shared.js'

interface Props {
  readonly cam: string
  readonly shot: Shot | undefined
  readonly picture: { readonly current: HTMLCanvasElement | null }
  pause(): void
  /** The address names the frame that is shown. */
  tell(): void
}

export function Keep({ cam, shot, picture, pause, tell }: Props) {
  const [said, setSaid] = useState<string>()
  const png = ({ film, index }: Shot) => {
    const name = `${cam}-${film.info.boot}-${film.info.frames[index].seq}`
    if (picture.current) void savePng(picture.current, name).then(setSaid)
  }
  const mp4 = ({ film }: Shot) => {
    pause()
    setSaid('making the video …')
    void saveMp4(film, desk, setSaid).then(setSaid, (error) => setSaid(sayMp4(error)))
  }
  const link = () => {
    tell()
    const inBar = () => setSaid('The link to this moment stands in the address bar.')
    const copied = navigator.clipboard?.writeText(location.href)
    if (!copied) return inBar()
    copied.then(() => setSaid('The link to this moment is in the clipboard.'), inBar)
  }
  return (
    <>
      <div class="buttons">
        <button type="button" disabled={!shot} onClick={() => shot && png(shot)}>
          Save PNG
        </button>
        <button type="button" disabled={!shot} onClick={() => shot && mp4(shot)}>
          Save MP4
        </button>
        <button type="button" disabled={!shot} onClick={link} title={shot && new Date(timeOf(shot)).toISOString()}>
          Copy link
        </button>
      </div>
      <p class="said" role="status">
        {said}
      </p>
    </>
  )
}
