/**
 * A bundle on clips of fixed cameras: through ffmpeg, encoder, gate, analyser and the agent's own event logic, frame for frame as the
 * agent would; what it says is held against truth files. Beside it, what it says where the heads look at every frame.
 */
import { Camera } from '../../../../agent/config/schema.js'
import { Latest } from '../../../../agent/infer/changes.js'
import { Gates } from '../../../../agent/infer/gate.js'
import { Networks, type Precision } from '../../../../agent/infer/networks.js'
import { area } from '../../../../agent/infer/part.js'
import { type Bundle, headsOf } from '../../../../contract/bundle.js'
import { eachFrame, shapeOf } from './frames.js'
import {
  add,
  type Counts,
  type EventCounts,
  events,
  sizeOf as objectSize,
  presence,
  rates,
  type Said,
} from './score.js'
import { CLASSES, type ClassName, checkRate, readTruths, type Truth } from './truth.js'
import { type Look, type Span, watcherOf } from './watcher.js'

/** Pixels: the height that `small` in the truth files is about. */
const HEIGHT = 256
/** As the default configuration has it; frames that a truth is about are looked at in any case. */
const FPS = 10
const SIZES = ['large', 'medium', 'unsized', 'small'] as const
const SIZE_WORDS: Record<string, string> = {
  large: '32 px and more',
  medium: '16 to 32 px',
  unsized: '16 px and more',
  small: 'under 16 px',
}

/** A camera's, unless its configuration says otherwise. */
const RULE = Camera.parse({ id: 'clip', source: 'clip' }).analyse

/** Frames, those of them that the heads looked at, and how many whole pictures the parts make that were analysed. */
interface Looks {
  frames: number
  looked: number
  analysed: number
}
type Saying = ReadonlyMap<Truth, ReadonlyMap<ClassName, Said>>

export interface ClipsOptions {
  readonly threads: number
  readonly precision: Precision
}

/** Prints a table on stderr. @throws {Error} names the file that cannot be used */
export async function evaluateClips(bundle: Bundle, dir: string, of: ClipsOptions): Promise<object> {
  const truths = readTruths(dir)
  const heads = headsOf(bundle.manifest).filter((head) => head !== 'classify')
  const networks = await Networks.open(bundle, new Set(heads), [], { ...of, providers: ['cpu'], note: () => {} })
  const said = new Map<Truth, Map<ClassName, Said>>()
  const ungated = new Map<Truth, Map<ClassName, Said>>()
  const looks = new Map<Truth, Looks>()
  const started = performance.now()
  for (const [i, truth] of truths.entries()) {
    const left =
      i > 0 ? `, about ${(((performance.now() - started) / i / 1000) * (truths.length - i)).toFixed(0)} s left` : ''
    console.error(`${truth.name}: clip ${i + 1} of ${truths.length}${left}`)
    const watched = await watch(bundle, networks, truth)
    said.set(truth, watched.gated)
    ungated.set(truth, watched.ungated)
    looks.set(truth, watched.looks)
  }
  await networks.release()
  const classes = scoresOf(truths, said)
  const clips = Object.fromEntries(truths.map((truth) => [truth.name, clipOf(truth, said.get(truth)!)]))
  const gate = gateOf(truths, looks, classes, scoresOf(truths, ungated))
  table(classes, clips, gate)
  const { precision } = networks
  return { height: HEIGHT, fps: FPS, precision, clips: truths.length, gate, classes, by_clip: clips }
}

function scoresOf(truths: readonly Truth[], said: Saying): Scored {
  return Object.fromEntries(
    CLASSES.flatMap((name) => {
      const known = truths.filter((truth) => said.get(truth)!.has(name))
      return known.length > 0 ? [[name, scoreOf(name, known, said)]] : []
    }),
  )
}

/** What the gate saves, and what it costs. */
function gateOf(truths: readonly Truth[], looks: ReadonlyMap<Truth, Looks>, gated: Scored, ungated: Scored) {
  const share = (of: 'looked' | 'analysed', looks: Looks) => Number((looks[of] / Math.max(1, looks.frames)).toFixed(3))
  const sum = (of: keyof Looks) => [...looks.values()].reduce((all, one) => all + one[of], 0)
  const all = { frames: sum('frames'), looked: sum('looked'), analysed: sum('analysed') }
  const byClip = (of: 'looked' | 'analysed') =>
    Object.fromEntries(truths.map((truth) => [truth.name, share(of, looks.get(truth)!)]))
  return {
    ...RULE,
    looked_at: share('looked', all),
    looked_at_by_clip: byClip('looked'),
    /** Of all pictures' area: less than of the frames, where a part of a picture is looked at. */
    analysed: share('analysed', all),
    analysed_by_clip: byClip('analysed'),
    /** Of objects ≥ 16 px: as gated, and with gate: off. */
    f1: Object.fromEntries(
      Object.entries(gated).map(([name, { not_small }]) => [
        name,
        { gated: not_small.f1, off: ungated[name]!.not_small.f1 },
      ]),
    ),
  }
}

/** One clip, from its first frame to its last. */
async function watch(bundle: Bundle, networks: Networks, truth: Truth) {
  const { multiple, stride } = bundle.manifest.latent
  const { size, fps } = await shapeOf(truth.path, HEIGHT, multiple)
  checkRate(truth, fps)
  const latest = new Latest(stride)
  const gates = new Gates<Look>(bundle)
  const gate = gates.of('clip')
  const watchers = { gated: watcherOf(bundle, size), ungated: watcherOf(bundle, size) }
  const looks: Looks = { frames: 0, looked: 0, analysed: 0 }
  const wanted = new Set(truth.frames.map(({ frame }) => frame))
  const analysing = headsOf(bundle.manifest).includes('analyse')
  let due = 0
  const count = await eachFrame(truth.path, size, async (rgb, index) => {
    const seconds = index / truth.fps
    if (!wanted.has(index) && seconds < due) return
    due = Math.max(due, seconds + 0.999 / FPS)
    const symbols = await networks.encode(rgb, size)
    const seen = analysing ? await networks.analyse(symbols, size) : await networks.segment(symbols, size)
    const { changed } = latest.next('clip', size, symbols)
    const frame = { symbols, changed, bootMs: seconds * 1000, ...gates.cells(size) }
    const { answer, held } = await gate.answer(RULE, frame, async (again) => {
      looks.analysed += again ? area(again.part.seen) / (frame.width * frame.height) : 1
      return again ? networks.analyse(symbols, size, again) : seen
    })
    watchers.ungated.look(seconds, { ...seen, ...(changed && { changed }) })
    watchers.gated.look(seconds, { ...answer, ...(changed && { changed }) })
    looks.frames++
    if (!held) looks.looked++
  })
  const last = truth.frames.at(-1)!.frame
  if (count <= last)
    throw new Error(
      `${truth.file}: speaks of frame ${last}, and ${truth.path} has ${count}: it is of another clip, or this one is cut; name the clip that it was made of`,
    )
  const said = ({ classes, spans }: (typeof watchers)['gated']) =>
    new Map(classes.map((name) => [name, saidOf(spans(name), truth)]))
  return { gated: said(watchers.gated), ungated: said(watchers.ungated), looks }
}

/** Of a half second, presence is what the event's record says of it in the end. */
function saidOf(spans: readonly Span[], { frames, fps }: Truth): Said {
  const present = frames.map(({ frame }) => {
    const seconds = frame / fps
    return spans.some(({ since, until }) => since <= seconds && seconds <= until)
  })
  return { present, events: spans }
}

function scoreOf(name: ClassName, truths: readonly Truth[], said: Saying) {
  const sum = (wanted: Parameters<typeof presence>[3]) =>
    truths
      .map((truth) => presence(name, truth.frames, said.get(truth)!.get(name)!, wanted))
      .reduce<Counts>(add, { hit: 0, missed: 0, false: 0, quiet: 0, alarms: 0 })
  const rate = truths[0]!.rate
  const found = truths.map((truth) => events(name, truth.frames, said.get(truth)!.get(name)!, truth.rate))
  const sizes = SIZES.flatMap((size) => {
    const counts = sum((frame) => objectSize(name, frame) === size)
    return counts.hit + counts.missed > 0 ? [[size, rates(counts, rate)] as const] : []
  })
  return {
    all: rates(
      sum(() => true),
      rate,
    ),
    /** Objects at least 16 px high. */
    not_small: rates(
      sum((frame) => objectSize(name, frame) !== 'small'),
      rate,
    ),
    ...(sizes.length > 0 && { by_size: Object.fromEntries(sizes) }),
    events: together(found),
  }
}

function clipOf(truth: Truth, said: ReadonlyMap<ClassName, Said>): Record<string, object> {
  return Object.fromEntries(
    [...said].map(([name, one]) => [
      name,
      {
        ...rates(
          presence(name, truth.frames, one, (frame) => objectSize(name, frame) !== 'small'),
          truth.rate,
        ),
        events: together([events(name, truth.frames, one, truth.rate)]),
      },
    ]),
  )
}

function together(counts: readonly EventCounts[]) {
  const late = counts.flatMap((one) => one.late).sort((a, b) => a - b)
  const sum = (key: 'found' | 'missed' | 'false') => counts.reduce((all, one) => all + one[key], 0)
  const at = (part: number) => Number(late[Math.min(late.length - 1, Math.floor(late.length * part))]!.toFixed(2))
  return {
    found: sum('found'),
    missed: sum('missed'),
    false: sum('false'),
    ...(late.length > 0 && { late_s: { median: at(0.5), most: at(1) } }),
  }
}

type Scored = Record<string, ReturnType<typeof scoreOf>>

function table(classes: Scored, clips: Record<string, Record<string, object>>, gate: ReturnType<typeof gateOf>): void {
  const cell = (value: unknown, width = 10) => (typeof value === 'number' ? String(value) : '-').padStart(width)
  console.error(
    `\n${'objects ≥ 16 px'.padEnd(34)} precision    recall        F1     there     false  of empty   false/h   events: found missed false  late s`,
  )
  const line = (name: string, row: Record<string, unknown>, found: Partial<ReturnType<typeof together>> = {}) =>
    console.error(
      name.padEnd(34) +
        ['precision', 'recall', 'f1', 'there', 'false', 'empty', 'false_alarms_per_hour']
          .map((key) => cell(row[key]))
          .join('') +
        `${cell(found.found, 16)}${cell(found.missed, 7)}${cell(found.false, 6)}${cell(found.late_s?.median, 8)}`,
    )
  for (const [name, { not_small, by_size: sizes = {}, events: found }] of Object.entries(classes)) {
    line(name, not_small, found)
    for (const [size, row] of Object.entries(sizes)) line(`  ${name}, ${SIZE_WORDS[size] ?? size}`, row)
  }
  for (const [clip, rows] of Object.entries(clips))
    for (const [name, row] of Object.entries(rows as Record<string, Record<string, unknown>>))
      if (row.there !== 0 || row.false !== 0)
        line(`  ${clip.slice(0, 18)} ${name}`, row, row.events as ReturnType<typeof together>)
  console.error(
    `\nthe heads looked at ${Math.round(100 * gate.looked_at)} % of the frames, ${Math.round(100 * gate.analysed)} % of the pictures' area (gate ${gate.gate}, refreshSeconds ${gate.refreshSeconds}, restSeconds ${gate.restSeconds}); F1 so, and where they look at all:`,
  )
  for (const [name, { gated, off }] of Object.entries(gate.f1)) console.error(name.padEnd(34) + cell(gated) + cell(off))
  for (const [clip, share] of Object.entries(gate.looked_at_by_clip))
    console.error(`  ${clip.padEnd(32)}${cell(share)}${cell(gate.analysed_by_clip[clip])}`)
}
