/** What page and decoding worker say to each other. */

export interface FilmFrame {
  readonly seq: number
  /** Milliseconds since 1970, whole: as links and lists have it */
  readonly at: number
}

export interface FilmInfo {
  readonly camera: string
  readonly boot: string
  readonly width: number
  readonly height: number
  readonly frames: readonly FilmFrame[]
  /** In sentences: what of it cannot be had. */
  readonly faults: readonly string[]
}

export interface Painted {
  readonly width: number
  readonly height: number
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
}

export type ToWorker =
  | { readonly what: 'film'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly what: 'frame'; readonly id: number; readonly index: number; readonly ask: number }
  | { readonly what: 'close'; readonly id: number }
  | { readonly what: 'records'; readonly tile: string; readonly bytes: Uint8Array }
  | { readonly what: 'forget'; readonly tile: string }

export type FromWorker =
  | { readonly what: 'film'; readonly id: number; readonly info: FilmInfo }
  | { readonly what: 'frame'; readonly ask: number; readonly painted: Painted }
  | { readonly what: 'no-film'; readonly id: number; readonly text: string }
  | { readonly what: 'no-frame'; readonly ask: number; readonly text: string }
  | {
      readonly what: 'tile'
      readonly tile: string
      readonly boot: string
      readonly seq: number
      readonly at: number
      readonly painted: Painted
    }
  /** `key`: a keyframe would help. */
  | { readonly what: 'no-tile'; readonly tile: string; readonly text: string; readonly key: boolean }
