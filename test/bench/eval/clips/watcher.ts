/** What a bundle says of a clip, class by class: with an analyser by the agent's events, without one by shares of the old mask. */
import { EventRule } from '../../../../agent/config/watch.js'
import { Scene } from '../../../../agent/events/scene.js'
import type { Bundle } from '../../../../contract/bundle.js'
import type { Size } from './frames.js'
import { CLASSES, type ClassName } from './truth.js'

export interface Look {
  readonly tags?: Float32Array
  readonly mask: Uint8Array
  readonly fractions: Float32Array
  readonly changed?: Uint8Array
}

export interface Span {
  readonly since: number
  until: number
}

export interface Watcher {
  readonly classes: readonly ClassName[]
  /** A frame, `seconds` after the clip's beginning. */
  look(seconds: number, look: Look): void
  /** When each class was there, from the first frame that shows it to the last. */
  spans(name: ClassName): readonly Span[]
}

export function watcherOf(bundle: Bundle, size: Size): Watcher {
  return bundle.manifest.analyse ? byEvents(bundle, size) : byShares(bundle)
}

function byEvents({ manifest }: Bundle, size: Size): Watcher {
  const analyse = manifest.analyse!
  const classes = CLASSES.filter((name) => analyse.presence.some(({ id }) => id === name))
  const events = classes.map((name) => EventRule.parse({ class: name }))
  const scene = new Scene(analyse, { ...size, stride: manifest.latent.stride, events, name: 'clip' })
  const spans = new Map<string, { readonly class: string; readonly span: Span }>()
  return {
    classes,
    look(seconds, { tags, mask, changed }) {
      const { present, events } = scene.observe({ bootMs: seconds * 1000, ref: '', tags: tags!, mask, changed })
      for (const { id, class: name, since, until } of [...present, ...events])
        spans.set(id, { class: name, span: { since: since.bootMs / 1000, until: until.bootMs / 1000 } })
    },
    spans: (name) => [...spans.values()].filter((one) => one.class === name).map(({ span }) => span),
  }
}

/** So much of the picture was taken for presence when lean-5 was compared with what people had seen. */
const LEAST_SHARE = 0.004
/** Classes of CamVid's masks; a rider is a person, too. */
const MEANS: Partial<Record<ClassName, readonly string[]>> = {
  person: ['pedestrian', 'bicyclist'],
  car: ['car'],
  two_wheeler: ['bicyclist'],
}

function byShares({ manifest }: Bundle): Watcher {
  const labels = manifest.classes.segment
  const classes = CLASSES.filter((name) => MEANS[name]?.some((label) => labels.includes(label)))
  const spans = new Map<ClassName, Span[]>(classes.map((name) => [name, []]))
  const was = new Set<ClassName>()
  return {
    classes,
    look(seconds, { fractions }) {
      for (const name of classes) {
        const share = labels.reduce((sum, label, id) => sum + (MEANS[name]!.includes(label) ? fractions[id]! : 0), 0)
        if (share <= LEAST_SHARE) was.delete(name)
        else if (was.has(name)) spans.get(name)!.at(-1)!.until = seconds
        else {
          was.add(name)
          spans.get(name)!.push({ since: seconds, until: seconds })
        }
      }
    },
    spans: (name) => spans.get(name)!,
  }
}
