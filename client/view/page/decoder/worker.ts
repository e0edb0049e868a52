/** The decoding worker: films first, since somebody waits for them, then the live camera that has waited longest. One at a time. */
import { CodecError, type Decoded, type Decoder } from '../../../../codec/index.js'
import { Film } from './film.js'
import type { FromWorker, ToWorker } from './protocol.js'
import { decoderOf, paint, type Studio, studioOf } from './studios.js'
import { Waiting } from './tail.js'

interface Camera {
  readonly waiting: Waiting
  /** By the bundle of its last keyframe. */
  coder?: { readonly bundle: string; readonly studio: Studio; readonly decoder: Decoder }
}

const films = new Map<number, { film: Film; studio: Studio }>()
/** In the order in which they are served next. */
const cameras = new Map<string, Camera>()
const asked: Exclude<ToWorker, { what: 'records' | 'forget' | 'close' }>[] = []
let busy = false

const scope = self as unknown as { postMessage(message: FromWorker, transfer?: Transferable[]): void }
const say = (message: FromWorker): void =>
  'painted' in message ? scope.postMessage(message, [message.painted.rgba.buffer]) : scope.postMessage(message)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.what === 'records') receive(data.tile, data.bytes)
  else if (data.what === 'forget') cameras.delete(data.tile)
  else if (data.what === 'close') films.delete(data.id)
  else asked.push(data)
  void work()
})

function receive(tile: string, bytes: Uint8Array): void {
  const camera = cameras.get(tile) ?? { waiting: new Waiting() }
  if (!cameras.has(tile)) cameras.set(tile, camera)
  try {
    camera.waiting.add(bytes)
  } catch (error) {
    say({ what: 'no-tile', tile, text: textOf(error), key: true })
  }
}

async function work(): Promise<void> {
  if (busy) return
  busy = true
  try {
    for (;;) {
      const next = asked.shift()
      if (next) {
        await (next.what === 'film' ? openFilm(next.id, next.bytes) : showFrame(next.id, next.index, next.ask))
      } else {
        const found = [...cameras].find(([, { waiting }]) => !waiting.isEmpty)
        if (!found) return
        await showTile(...found)
      }
      // Messages that have come meanwhile are taken in.
      await new Promise((resolve) => setTimeout(resolve))
    }
  } finally {
    busy = false
  }
}

async function openFilm(id: number, bytes: Uint8Array): Promise<void> {
  try {
    const film = new Film(bytes)
    const { bundle } = film
    if (bundle === undefined) throw new Error('This segment is damaged: there is no sound keyframe in it.')
    const studio = await studioOf(bundle)
    const info = film.info(decoderOf(studio))
    if (info.frames.length === 0) throw new Error(info.faults.join(' '))
    films.set(id, { film, studio })
    say({ what: 'film', id, info })
  } catch (error) {
    say({ what: 'no-film', id, text: textOf(error) })
  }
}

async function showFrame(id: number, index: number, ask: number): Promise<void> {
  try {
    const open = films.get(id)
    const decoded = open?.film.frame(index)
    if (!open || !decoded) throw new Error('this segment is open no more')
    say({ what: 'frame', ask, painted: await paint(open.studio, decoded.frame, decoded.symbols) })
  } catch (error) {
    say({ what: 'no-frame', ask, text: textOf(error) })
  }
}

async function showTile(tile: string, camera: Camera): Promise<void> {
  // To the end of the line.
  cameras.delete(tile)
  cameras.set(tile, camera)
  const records = camera.waiting.take()
  let newest: Decoded | undefined
  try {
    for (const record of records) {
      const bundle = record.frame?.bundle
      if (bundle !== undefined && bundle !== camera.coder?.bundle) {
        const studio = await studioOf(bundle)
        camera.coder = { bundle, studio, decoder: decoderOf(studio) }
      }
      if (camera.coder) newest = camera.coder.decoder.decode(record)
    }
  } catch (error) {
    const key = error instanceof CodecError
    say({ what: 'no-tile', tile, text: textOf(error), key })
    if (!key) return
  }
  try {
    if (newest && camera.coder && cameras.has(tile)) {
      const { boot, seq, timeUs } = newest.frame
      const painted = await paint(camera.coder.studio, newest.frame, newest.symbols)
      say({ what: 'tile', tile, boot, seq, at: Math.floor(timeUs / 1000), painted })
    }
  } catch (error) {
    say({ what: 'no-tile', tile, text: textOf(error), key: false })
  }
}
