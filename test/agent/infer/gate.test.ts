/** A made-up latent of 4x6 cells and 2 channels; the mask has four places to a cell, class 1 is an object. */
import t from 'tap'
import {
  Gate,
  type GatedFrame,
  type GateRule,
  Gates,
  type Maskful,
  type WatchedFor,
} from '../../../agent/infer/gate.js'
import type { Bundle, Manifest } from '../../../contract/bundle.js'
import { ANALYSE } from '../../contract/analysing-bundle.js'

const [height, width, places] = [4, 6, 2]
const MOVED = 5
/** Of an answer that has it, a part can be given anew. */
const MAP = new Float32Array(height * width)

function camera(rule: Partial<GateRule> = {}) {
  const said = ({ mask }: { mask: Uint8Array }) => String(mask.includes(1))
  const gate = new Gate<{ n: number; mask: Uint8Array }>(new Set([1]), places, said)
  const symbols = new Uint8Array(2 * height * width).fill(10)
  const mask = new Uint8Array(height * width * places ** 2)
  let looks = 0
  let failing = false
  const show = async (bootMs: number, changed?: readonly number[], more: Partial<GatedFrame> = {}) => {
    const cells = changed && new Uint8Array(height * width).map((_, cell) => Number(changed.includes(cell)))
    const frame = { symbols: symbols.slice(), height, width, bootMs, changed: cells, ...more }
    const { answer, held } = await gate.answer(
      { gate: 0, refreshSeconds: 2, restSeconds: 0, ...rule },
      frame,
      async () => {
        if (failing) throw new Error('no memory')
        return { n: looks++, mask: mask.slice() }
      },
    )
    return `${held ?? 'looks'} ${answer.n}`
  }
  const step = (cell: number, by: number) => {
    symbols[cell]! += by
  }
  return {
    show,
    step,
    mask,
    fail: (now: boolean) => {
      failing = now
    },
  }
}

t.test('off looks at every frame', async (t) => {
  const { show } = camera({ gate: 'off' })
  t.strictSame([await show(0), await show(100, [])], ['looks 0', 'looks 1'])
})

t.test('exact holds while no symbol differs', async (t) => {
  const { show, step } = camera({ gate: 'exact' })
  t.strictSame([await show(0), await show(100, [])], ['looks 0', 'same 0'])
  step(3, 1)
  t.strictSame([await show(200, []), await show(300, [])], ['looks 1', 'same 1'])
})

t.test('an answer holds until something changes, and is given anew when that has come to rest', async (t) => {
  const { show, step } = camera()
  t.equal(await show(0), 'looks 0')
  step(5, 1)
  t.equal(await show(100, []), 'looks 1', 'of the first frame nobody knows whether it moved')
  step(4, MOVED - 1)
  t.equal(await show(200, []), 'same 1', 'flicker')
  step(4, 1)
  t.equal(await show(300, []), 'looks 2', 'slow changes add up')
  step(4, MOVED)
  t.equal(await show(400, [4]), 'looks 3', 'it moves')
  step(4, 1)
  t.equal(await show(500, []), 'looks 4', 'it has come to rest')
  step(4, 1)
  t.equal(await show(600, []), 'same 4')
})

t.test('a share of the cells may change, but nothing at an object', async (t) => {
  const { show, step, mask } = camera({ gate: 2 / (height * width) })
  mask[0] = 1 // the cells 0, 1, 6 and 7 are at it
  t.equal(await show(0), 'looks 0')
  step(20, 1)
  t.equal(await show(50, []), 'looks 1', 'the first look alone may err')
  for (const cell of [3, 9]) step(cell, MOVED)
  t.equal(await show(100, [3, 9]), 'same 1')
  step(21, MOVED)
  t.equal(await show(200, [21]), 'looks 2', 'three of the cells are more than two')
  step(7, MOVED)
  t.equal(await show(300, [7]), 'looks 3')
  step(8, MOVED)
  t.equal(await show(400, []), 'looks 4', 'what moved at the object has come to rest')
  t.equal(await show(500, []), 'same 4')
  step(13, MOVED)
  t.equal(await show(600, [13]), 'same 4', 'beside its neighbours')
})

t.test('it looks again after a while, and at frames of another size', async (t) => {
  const { show } = camera()
  t.strictSame([await show(0), await show(1999, []), await show(2000, [])], ['looks 0', 'same 0', 'looks 1'])
  const small = { symbols: new Uint8Array(8).fill(10), height: 2, width: 2 }
  t.equal(await show(2100, undefined, small), 'looks 2')
})

t.test('what one look alone has found, or no longer finds, is looked at once more', async (t) => {
  const { show, step, mask } = camera()
  const flicker = () => step(20, 1)
  await show(0)
  flicker()
  await show(50, [])
  flicker()
  t.equal(await show(100, []), 'same 1')
  step(9, MOVED)
  mask[0] = 1
  t.equal(await show(200, [9]), 'looks 2')
  mask[0] = 0
  flicker()
  t.equal(await show(300, []), 'looks 3', 'there for one frame')
  flicker()
  t.equal(await show(400, []), 'looks 4', 'and gone')
  flicker()
  t.equal(await show(500, []), 'same 4')
})

t.test('while something moves all the time, what has been said for half a second holds for a rest', async (t) => {
  const { show, step, mask } = camera({ restSeconds: 0.3 })
  const shows = async (...times: number[]) => {
    const looks: string[] = []
    for (const bootMs of times) {
      step(4, MOVED)
      looks.push(await show(bootMs, [4]))
    }
    return looks
  }
  t.strictSame(await shows(0, 100, 499), ['looks 0', 'looks 1', 'looks 2'])
  t.strictSame(await shows(600, 700, 899, 900), ['looks 3', 'rest 3', 'rest 3', 'looks 4'])
  mask[0] = 1
  t.strictSame(await shows(1000, 1200), ['rest 4', 'looks 5'], 'late by the rest it finds something,')
  t.strictSame(await shows(1300, 1400, 1500, 1600), ['looks 6', 'looks 7', 'looks 8', 'looks 9'], 'and makes sure')
  t.strictSame(await shows(1700, 1800), ['looks 10', 'rest 10'])
  step(20, 1)
  t.equal(await show(1900, []), 'looks 11', 'what has come to rest is looked at')
  t.equal(await show(2000, []), 'same 11')
})

t.test('what begins to move in a rest, and ends, is looked at', async (t) => {
  const { show, step } = camera({ restSeconds: 1 })
  await show(0)
  step(4, MOVED)
  t.strictSame([await show(500, []), await show(600, [])], ['looks 1', 'same 1'])
  step(4, MOVED)
  t.equal(await show(700, [4]), 'rest 1')
  t.equal(await show(800, []), 'looks 2')
})

t.test('networks that do not say what is there never rest', async (t) => {
  const gate = new Gate<object>(new Set(), places, () => '')
  const rule = { gate: 0, refreshSeconds: 2, restSeconds: 0.3 }
  const moving = new Uint8Array(height * width).fill(1)
  for (let i = 0; i < 8; i++) {
    const symbols = new Uint8Array(2 * height * width).fill(MOVED * i)
    const frame = { symbols, height, width, bootMs: 100 * i, changed: moving }
    t.equal((await gate.answer(rule, frame, async () => ({}))).held, undefined)
  }
})

t.test('exact and off know no rest', async (t) => {
  for (const gate of ['exact', 'off'] as const) {
    const { show, step } = camera({ gate, restSeconds: 0.3 })
    const looks: string[] = []
    for (const bootMs of [0, 500, 600, 700]) {
      looks.push(await show(bootMs, bootMs ? [4] : undefined))
      step(4, 1)
    }
    t.strictSame(looks, ['looks 0', 'looks 1', 'looks 2', 'looks 3'], gate)
  }
})

t.test('when told to it looks', async (t) => {
  const { show } = camera()
  t.strictSame([await show(0), await show(100, [], { look: true })], ['looks 0', 'looks 1'])
})

t.test('where frames wait, an answer holds for a while although something changes', async (t) => {
  const { show, step } = camera()
  const pressed = { pressed: true }
  t.equal(await show(0), 'looks 0')
  step(0, MOVED)
  t.strictSame([await show(999, [0], pressed), await show(1000, [0], pressed)], ['pressed 0', 'looks 1'])
})

t.test('of an answer with a map a part is looked at anew, where it has changed since that was looked at', async (t) => {
  const [height, width] = [24, 24]
  const gate = new Gate<Maskful & { n: number }>(new Set(), 1, () => '')
  const symbols = new Uint8Array(height * width).fill(10)
  const parts: (string | undefined)[] = []
  const show = async (
    bootMs: number,
    cells: number[],
    rule: Partial<GateRule> = {},
    more: Partial<GatedFrame> = {},
  ) => {
    for (const cell of cells) symbols[cell]! += MOVED
    const changed = new Uint8Array(height * width).map((_, cell) => Number(cells.includes(cell)))
    const frame = { symbols: symbols.slice(), height, width, bootMs, changed, ...more }
    const { held } = await gate.answer(
      { gate: 0, refreshSeconds: 2, restSeconds: 0, ...rule },
      frame,
      async (again) => {
        const { left, top, right, bottom } = again?.part.taken ?? {}
        parts.push(again && `${left},${top} to ${right},${bottom}, of ${again.before.n}`)
        return { n: parts.length, map: MAP }
      },
    )
    return held ?? parts.at(-1) ?? 'the whole'
  }
  const [corner, end] = [0, height * width - 1]
  t.equal(await show(0, []), 'the whole')
  t.equal(await show(50, [corner]), 'the whole', 'the first look alone may err')
  t.equal(await show(100, [corner]), '0,0 to 3,3, of 2')
  t.equal(await show(200, [end]), '21,21 to 24,24, of 3', 'what was looked at a frame before is known')
  t.equal(await show(300, [corner, end]), 'the whole', 'what is left would be little')
  t.equal(await show(400, [corner], { gate: 'exact' }), 'the whole')
  t.equal(await show(500, [corner], {}, { look: true }), 'the whole')
  t.equal(await show(600, [corner]), '0,0 to 3,3, of 7')
  t.equal(await show(2499, [corner]), '0,0 to 3,3, of 8')
  t.equal(await show(2500, [corner]), 'the whole', 'two seconds after the whole was looked at')
  t.equal(await show(4499, []), 'same')
  t.equal(await show(4500, []), 'the whole', 'also where nothing has changed')
})

t.test('a part does not make sure of what one look has found elsewhere, nor of what has come to rest', async (t) => {
  const [height, width] = [24, 40]
  const gate = new Gate<Maskful & { person: boolean }>(new Set([1]), 1, ({ person }) => String(person))
  const symbols = new Uint8Array(height * width).fill(10)
  const at = (x: number, y: number) => y * width + x
  const rule = { gate: 0.004, refreshSeconds: 2, restSeconds: 0 }
  const show = async (bootMs: number, cells: number[], person: boolean, thing = false) => {
    for (const cell of cells) symbols[cell]! ^= 16
    const changed = new Uint8Array(symbols.length).map((_, cell) => Number(cells.includes(cell)))
    const mask = new Uint8Array(symbols.length)
    mask[at(5, 5)] = Number(thing)
    let how = ''
    const frame = { symbols: symbols.slice(), height, width, bootMs, changed }
    const { held } = await gate.answer(rule, frame, async (again) => {
      how = again ? 'a part' : 'the whole'
      return { person, mask, map: MAP }
    })
    return held ?? how
  }
  const tree = [at(34, 19), at(35, 19), at(34, 20), at(35, 20), at(36, 20)]
  await show(0, [], false)
  t.equal(await show(100, tree, false), 'the whole', 'makes sure of the first')
  t.equal(await show(200, tree, false), 'a part')
  t.equal(await show(300, tree, true), 'a part')
  t.equal(
    await show(400, tree, false),
    'the whole',
    'where a tree sways, nobody has looked again for who was seen elsewhere',
  )
  t.equal(await show(500, tree, false), 'the whole', 'nor for who is gone')
  t.equal(await show(600, tree, false), 'a part')
  const car = [at(5, 5), at(6, 5), at(5, 6), at(6, 6)]
  await show(700, car, false, true)
  t.equal(await show(800, car, false, true), 'a part')
  t.equal(
    await show(900, [at(30, 20)], false, true),
    'the whole',
    'it has come to rest; what differs is noise elsewhere',
  )
})

t.test('after a failure it looks again', async (t) => {
  const { show, fail, step } = camera()
  t.equal(await show(0), 'looks 0')
  step(0, MOVED)
  fail(true)
  await t.rejects(show(100, [0]), /no memory/)
  fail(false)
  step(0, -MOVED)
  t.equal(await show(200, [0]), 'looks 1', 'although it is as it was')
})

t.test("a bundle's: what its masks show of its objects, and what its tags say, each camera for itself", async (t) => {
  const manifest = {
    latent: { stride: 8 },
    analyse: ANALYSE,
    files: { 'analyse.onnx': {} },
  } as unknown as Manifest
  const gates = new Gates<Maskful>({ manifest } as Bundle)
  t.same(gates.cells({ width: 48, height: 32 }), { width: 6, height: 4 })
  t.equal(gates.of('a'), gates.of('a'))
  t.not(gates.of('a'), gates.of('b'))
  const answer = (place: number, id: string, p = 0): Maskful => {
    const { classes } = ANALYSE.mask
    const index = classes.findIndex((one) => one.id === id)
    const mask = new Uint8Array(height * width * places ** 2)
    mask[place] = index
    const fractions = Float32Array.from(classes, (_, i) => Number(i === index) / mask.length)
    return { tags: new Float32Array(8).fill(p), mask, fractions }
  }
  const held = async (cam: string, first: Maskful, second: Maskful, watch?: WatchedFor) => {
    const gate = gates.of(cam, watch)
    const symbols = new Uint8Array(2 * height * width)
    const show = async (bootMs: number, said: Maskful) => {
      symbols[23]! ^= 1
      const frame = { symbols: symbols.slice(), height, width, bootMs, changed: new Uint8Array(height * width) }
      return (await gate.answer({ gate: 0.5, refreshSeconds: 2, restSeconds: 0 }, frame, async () => said)).held
    }
    await show(0, first)
    await show(100, second)
    if ((await show(200, second)) === undefined) return 'looks once more'
    symbols[0]! += MOVED
    return (await show(300, second)) ?? 'looks at what is there'
  }
  t.equal(await held('road', answer(0, 'road'), answer(0, 'road')), 'same')
  t.equal(await held('car', answer(0, 'car'), answer(0, 'car')), 'looks at what is there')
  t.equal(await held('far', answer(95, 'car'), answer(95, 'car')), 'same')
  t.equal(await held('new', answer(0, 'road'), answer(0, 'car')), 'looks once more')
  t.equal(await held('tag', answer(0, 'road', 0.4), answer(0, 'road', 0.6)), 'looks once more')
  const renamed = 'a car that is called a bus is a vehicle all the same'
  const says = (id: string): Maskful => {
    const tags = Float32Array.from(ANALYSE.tags.classes, (one) => (one.id === id ? 0.6 : 0))
    return { ...answer(0, 'road'), tags }
  }
  t.equal(await held('renamed', says('car'), says('bus')), 'same', renamed)
  const own = 'unless its owner watches for just that'
  t.equal(await held('buses', says('car'), says('bus'), { classes: ['large_vehicle'] }), 'looks once more', own)
  const small = { classes: ['car'], thresholds: { car: { enter: 0.7, leave: 0.65 } } }
  t.equal(await held('own', says('car'), says('dog'), small), 'same', 'by thresholds of its own no car was there')
  const masks = [answer(0, 'car'), answer(0, 'large_vehicle')] as const
  t.equal(await held('masks', ...masks), 'looks at what is there', 'of the mask, too, either is a vehicle')
  t.equal(await held('another', says('car'), says('person')), 'looks once more')
  const stays = 'what is less sure than before is still there, as for its event'
  t.equal(await held('stays', answer(0, 'road', 0.6), answer(0, 'road', 0.45)), 'same', stays)
  t.equal(await held('gone', answer(0, 'road', 0.6), answer(0, 'road', 0.3)), 'looks once more')
})
