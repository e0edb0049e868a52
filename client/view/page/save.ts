/** Pictures and videos to files, made in this browser. */
import type { Desk } from './decoder/desk.js'
import type { OpenFilm } from './reel.js'

/** @returns what to say */
export async function savePng(canvas: HTMLCanvasElement, name: string): Promise<string> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (!blob) return 'This browser makes no PNG of the picture.'
  download(blob, `${name}.png`)
  return `Saved ${name}.png`
}

/** The whole segment. @returns what to say. @throws why not */
export async function saveMp4(film: OpenFilm, desk: Desk, progress: (text: string) => void): Promise<string> {
  if (typeof VideoEncoder === 'undefined')
    throw new Error(
      isSecureContext
        ? 'this browser has no WebCodecs'
        : 'browsers encode video only on https:// pages and on 127.0.0.1, and this is neither',
    )
  const { makeMp4 } = await import('./mp4.js')
  const blob = await makeMp4(film.info, (index) => desk.frame(film.id, index), progress)
  const { camera, boot, frames } = film.info
  const name = `${camera}-${boot}-${frames[0].seq}.mp4`
  download(blob, name)
  return `Saved ${name}`
}

export const sayMp4 = (error: unknown): string =>
  `No video: ${(error as Error).message}. \`blindsight decode --mp4\` makes one on the command line.`

function download(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
