/**
 * Whether the heads look at a frame. On a fixed camera most frames have the latent of the one before, and most of the work would repeat itself: until
 * something changes, an answer holds. A frame is compared with the one that the answer was given for, so that slow changes add up.
 */
import type { Analyse, Bundle } from '../../contract/bundle.js'
import { maskOf } from '../../contract/bundle-graphs.js'
import { LEAST_OF_PICTURE, type Signs, STAYS, signsOf } from '../presence.js'
import { changes } from './changes.js'
import type { Again, FrameSize } from './networks.js'
import { type Part, partOf, pieceOf, type Region, withPiece } from './part.js'

export interface GateRule {
  /** off: the heads look at every frame; exact: when any symbol differs; a number: when a larger share of the cells has changed. */
  readonly gate: 'off' | 'exact' | number
  /** They look at least so often. */
  readonly refreshSeconds: number
  /** While something moves all the time, and they go on saying the same of it, they look at most so often. */
  readonly restSeconds: number
}

export interface GatedFrame {
  /** [C,h,w] */
  readonly symbols: Uint8Array
  /** Of the latent. */
  readonly height: number
  readonly width: number
  /** Since the frame before, [h,w]; absent: there was none. */
  readonly changed?: Uint8Array | undefined
  /** When it was taken. */
  readonly bootMs: number
  /** Others wait: rather than that frames are lost, an answer holds for a while although something changes. */
  readonly pressed?: boolean
  /** No answer holds. */
  readonly look?: boolean
}

/** What the gate needs of an answer: of the analyser or the segmenter, if there is one. */
export interface Maskful {
  /** [T] */
  readonly tags?: Float32Array
  /** [H/s,W/s] class ids */
  readonly mask?: Uint8Array
  /** Shares of the picture, by class of the mask. */
  readonly fractions?: Float32Array
  /** [T,h,w]: only with it a part of the picture can be looked at for itself. */
  readonly map?: Float32Array | undefined
}

/** same: as good as nothing has changed. rest: something has, but they have just looked. pressed: something has, but frames wait. */
export type Hold = 'same' | 'rest' | 'pressed'

interface Held<Answer> {
  readonly answer: Answer
  /** Its symbols are those that the answer is of: of earlier frames, where only a part was looked at since. */
  readonly frame: GatedFrame
  /** When the whole picture was looked at. */
  readonly wholeMs: number
  readonly near: Uint8Array
  /** What it says is there. */
  readonly says: string
  /** Something moved when it was looked at. */
  unrest: boolean
  /** Since when every look has said that the same is there; undefined: it says nothing of what is there. */
  readonly sinceMs: number | undefined
  /** One look alone may err. */
  readonly confirmed: boolean
}

/** Where frames wait, the heads look at most so often. */
const PRESSED_MS = 1000
/**
 * What has been said for so long may rest. It is what an event has to be seen for (`enterSeconds`): otherwise what was seen wrongly twice would come to
 * that by being held.
 */
const STEADY_MS = 500
/** Cells around an object that belong to it: what comes near it, and what it becomes next, begins there. */
const MARGIN = 1

export class Gate<Answer extends Maskful> {
  private held: Held<Answer> | undefined

  /**
   * @param things classes of the mask that are objects and not scenery
   * @param places the mask's, to a side of a cell
   * @param said what an answer says is there, after the one before it said `before`; empty: answers of this bundle do not say
   */
  constructor(
    private readonly things: ReadonlySet<number>,
    private readonly places: number,
    private readonly said: (answer: Answer, before?: string) => string,
  ) {}

  /** The answer for a frame: that which holds, and why, or the one that `look` gives, of the whole picture or of a part. */
  async answer(
    rule: GateRule,
    frame: GatedFrame,
    look: (again?: Again<Answer>) => Promise<Answer>,
  ): Promise<{ answer: Answer; held?: Hold | undefined }> {
    const before = this.held
    const { held, part } = before ? this.since(before, rule, frame) : {}
    if (before && held) return { answer: before.answer, held }
    this.held = undefined // if this fails, the next frame is looked at
    const answer = await look(before && part && { part, before: before.answer })
    if (rule.gate === 'off') return { answer }
    const near = this.near(answer, frame)
    const unrest = isStirring(frame, near, rule)
    const says = this.said(answer, before?.says)
    const confirmed = before?.says === says
    const sinceMs = says === '' ? undefined : confirmed ? before?.sinceMs : frame.bootMs
    const of =
      before && part
        ? { frame: together(before.frame, frame, part.taken), wholeMs: before.wholeMs }
        : { frame, wholeMs: frame.bootMs }
    this.held = { answer, ...of, near, says, unrest, sinceMs, confirmed }
    return { answer }
  }

  /** Why the answer still holds, or the part of the picture that is to be looked at; neither: the whole is. */
  private since(before: Held<Answer>, rule: GateRule, now: GatedFrame): { held?: Hold; part?: Part | undefined } {
    const { frame, wholeMs, near, unrest, sinceMs, confirmed, answer } = before
    const alike = now.symbols.length === frame.symbols.length && now.width === frame.width
    if (rule.gate === 'off' || now.look || !alike || now.bootMs - wholeMs >= rule.refreshSeconds * 1000) return {}
    const since = changes(now.symbols, frame.symbols, near.length)
    const ageMs = now.bootMs - frame.bootMs
    const stirring = isStirring(now, near, rule)
    // What one look has found has to be found by another, and what moved when it was looked at and has come to rest is seen better now: of the whole picture.
    const exactly = rule.gate === 'exact' || !confirmed || (unrest && !stirring)
    if (exactly ? since.symbols === 0 : !stirs(since.cells, near, rule)) {
      before.unrest &&= stirring
      return { held: 'same' }
    }
    const steady = sinceMs !== undefined && frame.bootMs - sinceMs >= STEADY_MS
    if (!exactly && steady && ageMs < rule.restSeconds * 1000) {
      before.unrest ||= stirring
      return { held: 'rest' }
    }
    if (now.pressed && ageMs < PRESSED_MS) return { held: 'pressed' }
    return exactly || !answer.map ? {} : { part: partOf(since.cells, now) }
  }

  /** Per cell, 1: an object is there or beside it. */
  private near({ mask }: Answer, { height, width }: GatedFrame): Uint8Array {
    const cells = new Uint8Array(height * width)
    if (!mask) return cells
    const across = width * this.places
    for (let place = 0; place < mask.length; place++) {
      if (!this.things.has(mask[place]!)) continue
      const y = Math.floor(place / across / this.places)
      const x = Math.floor((place % across) / this.places)
      for (let v = Math.max(0, y - MARGIN); v <= Math.min(height - 1, y + MARGIN); v++)
        cells.fill(1, v * width + Math.max(0, x - MARGIN), v * width + Math.min(width, x + MARGIN + 1))
    }
    return cells
  }
}

const isStirring = ({ changed }: GatedFrame, near: Uint8Array, rule: GateRule): boolean =>
  !changed || stirs(changed, near, rule)

/** The frame, but around the region with the symbols of the one before. */
const together = (before: GatedFrame, now: GatedFrame, region: Region): GatedFrame => ({
  ...now,
  symbols: withPiece(before.symbols, now, pieceOf(now.symbols, now, region), { seen: region, taken: region }),
})

/** Whether it is more than noise: anything at an object, or more than the rule allows. */
function stirs(changed: Uint8Array, near: Uint8Array, { gate }: GateRule): boolean {
  const most = typeof gate === 'number' ? gate * changed.length : 0
  let count = 0
  for (let cell = 0; cell < changed.length; cell++) {
    if (changed[cell] === 0) continue
    if (near[cell]) return true
    count++
  }
  return count > most
}

/** A gate for each camera. */
export class Gates<Answer extends Maskful> {
  private readonly cameras = new Map<string, Gate<Answer>>()
  private readonly analyse: Analyse | undefined
  private readonly things: ReadonlySet<number>
  private readonly places: number
  private readonly stride: number

  constructor({ manifest }: Bundle) {
    const { analyse, latent } = manifest
    this.things = new Set(analyse?.mask.classes.flatMap(({ kind }, id) => (kind === 'thing' ? [id] : [])))
    this.analyse = analyse
    this.stride = latent.stride
    this.places = latent.stride / (maskOf(manifest)?.stride ?? latent.stride)
  }

  of(cam: string, watch: WatchedFor = {}): Gate<Answer> {
    let gate = this.cameras.get(cam)
    if (!gate) {
      const watched = this.analyse ? watchedBy(this.analyse, watch) : []
      gate = new Gate<Answer>(this.things, this.places, (answer, before) => said(watched, answer, before))
      this.cameras.set(cam, gate)
    }
    return gate
  }

  /** Of the latent. */
  cells({ width, height }: FrameSize): FrameSize {
    return { width: width / this.stride, height: height / this.stride }
  }
}

/** What a camera's owner watches for: absent or none, what the bundle says that owners do, by its thresholds. */
export interface WatchedFor {
  readonly classes?: readonly string[] | undefined
  readonly thresholds?: Readonly<Record<string, { readonly enter: number; readonly leave: number }>> | undefined
}

/** Of those that watch for vehicles a car that one look calls a bus is nothing new. */
function watchedBy(analyse: Analyse, { classes, thresholds }: WatchedFor): Signs[] {
  const tags = { ...analyse.tags, thresholds: { ...analyse.tags.thresholds, ...thresholds } }
  return analyse.presence
    .filter(({ id, watch }) => (classes?.length ? classes.includes(id) : watch))
    .map((of) => signsOf({ ...analyse, tags }, of))
}

/** What of it is there, by its tags and by its share of the mask; what was there before stays so for as long as an event of it would. */
function said(watched: readonly Signs[], { tags, fractions }: Maskful, before = ''): string {
  const says = watched.map(({ tags: limits, classes }, i) => {
    const [byTags, byMask] = [before[2 * i] === '1', before[2 * i + 1] === '1']
    const share = classes.reduce((sum, id) => sum + (fractions?.[id] ?? 0), 0)
    return [
      tags !== undefined && limits.some(({ index, enter, leave }) => tags[index]! >= (byTags ? leave : enter)),
      share >= LEAST_OF_PICTURE * (byMask ? STAYS : 1),
    ]
  })
  return says.flat().map(Number).join('')
}
