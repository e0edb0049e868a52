/** The page's side of the decoding worker. */
import type { FilmInfo, FromWorker, Painted, ToWorker } from './protocol.js'

export type TilePicture = Extract<FromWorker, { what: 'tile' }>
export type NoTile = Extract<FromWorker, { what: 'no-tile' }>

interface Asked<T> {
  resolve(value: T): void
  reject(error: Error): void
}

export class Desk {
  private readonly worker = new Worker('decoder.js', { type: 'module' })
  private readonly films = new Map<number, Asked<FilmInfo>>()
  private readonly frames = new Map<number, Asked<Painted>>()
  private readonly tiles = new Map<string, (message: TilePicture | NoTile) => void>()
  private count = 0

  constructor() {
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.hear(data))
    this.worker.addEventListener('error', ({ message }) => {
      const error = new Error(`The decoder cannot run in this browser: ${message || 'its worker did not start'}`)
      for (const asked of [...this.films.values(), ...this.frames.values()]) asked.reject(error)
    })
  }

  /** @throws what is wrong with it, in a sentence */
  async open(bytes: Uint8Array): Promise<{ id: number; info: FilmInfo }> {
    const id = ++this.count
    const info = await new Promise<FilmInfo>((resolve, reject) => {
      this.films.set(id, { resolve, reject })
      this.say({ what: 'film', id, bytes })
    })
    return { id, info }
  }

  frame(id: number, index: number): Promise<Painted> {
    const ask = ++this.count
    return new Promise((resolve, reject) => {
      this.frames.set(ask, { resolve, reject })
      this.say({ what: 'frame', id, index, ask })
    })
  }

  close = (id: number): void => this.say({ what: 'close', id })

  /** @returns ends it */
  watch(tile: string, hear: (message: TilePicture | NoTile) => void): () => void {
    this.tiles.set(tile, hear)
    return () => {
      this.tiles.delete(tile)
      this.say({ what: 'forget', tile })
    }
  }

  records(tile: string, bytes: Uint8Array): void {
    if (this.tiles.has(tile)) this.say({ what: 'records', tile, bytes })
  }

  private say = (message: ToWorker): void => this.worker.postMessage(message)

  private hear(data: FromWorker): void {
    if (data.what === 'tile' || data.what === 'no-tile') this.tiles.get(data.tile)?.(data)
    else if (data.what === 'film') this.take(this.films, data.id)?.resolve(data.info)
    else if (data.what === 'frame') this.take(this.frames, data.ask)?.resolve(data.painted)
    else if (data.what === 'no-film') this.take(this.films, data.id)?.reject(new Error(data.text))
    else this.take(this.frames, data.ask)?.reject(new Error(data.text))
  }

  private take<T>(asked: Map<number, Asked<T>>, id: number): Asked<T> | undefined {
    const found = asked.get(id)
    asked.delete(id)
    return found
  }
}
