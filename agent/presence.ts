/** By what a bundle's outputs say that something is there: events (events/scene.ts) and the gate (infer/gate.ts) go by the same. */
import type { Analyse } from '../contract/bundle.js'

/** So much of the picture has to be of a class for it to be there: a person of a sixteenth of its height takes that. */
export const LEAST_OF_PICTURE = 1 / 2000
/** What was seen stays seen down to this part of the share that it needed. */
export const STAYS = 0.5

export interface Signs {
  /** Indices of its tags, with their thresholds, and of its classes of the mask. */
  readonly tags: readonly { readonly index: number; readonly enter: number; readonly leave: number }[]
  readonly classes: readonly number[]
}

export function signsOf({ tags, mask }: Analyse, of: Analyse['presence'][number]): Signs {
  return {
    tags: of.tags.map((id) => ({ index: tags.classes.findIndex((tag) => tag.id === id), ...tags.thresholds[id]! })),
    classes: of.mask.map((id) => mask.classes.findIndex((one) => one.id === id)),
  }
}
