import t from 'tap'
import { EventRule } from '../../../agent/config/watch.js'
import { defaultRules, Scene, type SceneOptions } from '../../../agent/events/scene.js'
import { ANALYSE } from '../../contract/analysing-bundle.js'

const size = { width: 448, height: 256, stride: 8, name: 'street-1a2b3c4d' }
const [w, h] = [112, 64]
const road = {
  name: 'road',
  polygon: [
    [0, 0.5],
    [1, 0.5],
    [1, 1],
    [0, 1],
  ] as [number, number][],
}
const [person, vehicle] = [1, 3]
const ids = ANALYSE.tags.classes.map(({ id }) => id)
const tagged = (p: Record<string, number>) => Float32Array.from(ids, (id) => p[id] ?? 0)

/** A mask with boxes [class, x, y, w, h] in places. */
function masked(...boxes: [number, number, number, number, number][]): Uint8Array {
  const mask = new Uint8Array(w * h)
  for (const [id, x, y, bw, bh] of boxes)
    for (let row = y; row < y + bh; row++) mask.fill(id, row * w + x, row * w + x + bw)
  return mask
}

function filming(options: Partial<SceneOptions> = {}) {
  const scene = new Scene(ANALYSE, { ...size, ...options })
  let now = 0
  const phases: string[] = []
  const film = (seconds: number, tags: Float32Array, mask: Uint8Array, changed?: Uint8Array) => {
    let last: ReturnType<Scene['observe']> | undefined
    for (let i = 0; i < seconds * 10; i++, now += 100) {
      last = scene.observe({ bootMs: now, ref: `street/b/${now / 100}`, tags, mask, changed })
      phases.push(...last.events.map((e) => `${e.phase} ${e.class}${e.zone ? ` in ${e.zone}` : ''}`))
    }
    return last!
  }
  return { film, phases }
}
const nothing = [tagged({}), masked()] as const
const rule = (of: Partial<EventRule>) => EventRule.parse({ class: 'person', ...of })

t.test('without any rules: what the bundle watches for, over the whole picture', async (t) => {
  t.strictSame(
    defaultRules(ANALYSE).map(({ class: of }) => of),
    ['person', 'vehicle', 'two_wheeler', 'animal'],
  )
  const { film, phases } = filming()
  film(2, ...nothing)
  const { present } = film(2, tagged({ bus: 0.6 }), masked([4, 10, 10, 28, 16]))
  t.match(present, [
    { id: 'street-1a2b3c4d-1', class: 'vehicle', zone: null, peak: { p: Math.fround(0.6), share: 1 / 16 } },
  ])
  film(5, ...nothing)
  t.strictSame(phases, ['start vehicle', 'end vehicle'])
})

t.test('tags: there from one threshold on, until it falls below the other', async (t) => {
  const { film, phases } = filming()
  film(3, tagged({ person: 0.45 }), masked())
  t.strictSame(phases, [])
  film(2, tagged({ person: 0.55 }), masked())
  film(10, tagged({ person: 0.45 }), masked())
  t.strictSame(phases, ['start person'])
  film(3, tagged({ person: 0.35 }), masked())
  t.strictSame(phases, ['start person', 'end person'])
})

t.test('a zone: by the mask in it, however the tags are', async (t) => {
  const { film, phases } = filming({
    zones: [road],
    events: [rule({ zone: 'road' }), rule({ class: 'car', zone: 'road' })],
  })
  film(2, tagged({ person: 0.9 }), masked([person, 50, 4, 4, 20]))
  t.strictSame(phases, [], 'somewhere else')
  const { present } = film(2, tagged({}), masked([vehicle, 50, 40, 16, 14]))
  t.match(present, [{ class: 'car', zone: 'road', peak: { share: (16 * 14) / (w * 32) } }])
})

t.test('a person 16 pixels high counts in a zone of any size, a speck does not', async (t) => {
  const whole = { ...road, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]] as [number, number][] } // biome-ignore format: a square
  const door = { ...road, polygon: [[0.45, 0.6], [0.48, 0.6], [0.48, 0.7], [0.45, 0.7]] as [number, number][] } // biome-ignore format: a square
  for (const zone of [whole, road, door]) {
    const { film, phases } = filming({ zones: [zone], events: [rule({ zone: 'road' })] })
    film(2, tagged({}), masked([person, 51, 40, 1, 1]))
    t.strictSame(phases, [], 'one place')
    film(2, tagged({}), masked([person, 51, 40, 1, 4]))
    t.strictSame(phases, ['start person in road'])
  }
  const { film, phases } = filming({ zones: [road], events: [rule({ zone: 'road', leastShare: 0.1 })] })
  film(2, tagged({}), masked([person, 20, 40, 14, 20]))
  t.strictSame(phases, [], 'less than asked for')
  film(2, tagged({}), masked([person, 20, 40, 20, 20]))
  film(2, tagged({}), masked([person, 20, 40, 14, 14]))
  t.strictSame(phases, ['start person in road'], 'and it stays until it is half as much')
})

t.test('motion: a car that is parked is there, and is no event of what moves', async (t) => {
  const events = [rule({ class: 'car' }), rule({ class: 'car', motion: true })]
  const { film, phases } = filming({ events })
  const parked = [tagged({ car: 0.9 }), masked([vehicle, 20, 20, 20, 10])] as const
  const still = new Uint8Array(56 * 32)
  const { motion, moving } = film(3, ...parked, still)
  t.equal(motion, 0)
  t.equal(moving[vehicle], 0)
  t.strictSame(phases, ['start car'])
  const driving = still.slice()
  for (let row = 10; row < 15; row++) driving.fill(1, row * 56 + 10, row * 56 + 15)
  const drives = film(2, ...parked, driving)
  t.equal(drives.motion, 25 / (56 * 32))
  t.equal(drives.moving[vehicle], 0.5)
  t.strictSame(phases, ['start car', 'start car'])
  film(5, ...parked, still)
  t.strictSame(phases, ['start car', 'start car', 'end car'])
})

t.test('a rule that the bundle or the zones do not know', async (t) => {
  t.throws(
    () => new Scene(ANALYSE, { ...size, events: [rule({ class: 'boat' })] }),
    /event of boat: the bundle has person/,
  )
  t.throws(() => new Scene(ANALYSE, { ...size, events: [rule({ zone: 'yard' })] }), /no zone is named yard/)
})

t.test('leastProbability: instead of the thresholds of its tags, in a zone beside the share', async (t) => {
  const whole = filming({ events: [rule({ leastProbability: 0.9, leaveSeconds: 0 })] })
  whole.film(2, tagged({ person: 0.8 }), masked())
  t.strictSame(whole.phases, [])
  whole.film(1, tagged({ person: 0.95 }), masked())
  whole.film(1, tagged({ person: 0.8 }), masked())
  whole.film(1, ...nothing)
  t.strictSame(whole.phases, ['start person', 'end person'], 'it stays while it is less sure')
  const zone = filming({ zones: [road], events: [rule({ zone: 'road', leastProbability: 0.9 })] })
  const there = masked([person, 10, 40, 8, 16])
  zone.film(2, tagged({ person: 0.8 }), there)
  zone.film(2, tagged({ person: 0.95 }), masked([person, 10, 0, 8, 16]))
  t.strictSame(zone.phases, [])
  zone.film(2, tagged({ person: 0.95 }), there)
  t.strictSame(zone.phases, ['start person in road'])
})
