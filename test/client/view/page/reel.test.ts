import t from 'tap'
import { frameAt, Reel } from '../../../../client/view/page/reel.js'
import { boot } from '../../bundle.js'

/** Segments of two seconds, two frames each, but none between 100 and 1000 s. */
function setUp() {
  const opened: number[] = []
  const closed: number[] = []
  const all = [
    ...Array.from({ length: 50 }, (_, i) => i * 2),
    ...Array.from({ length: 5 }, (_, i) => 1000 + i * 2),
  ].map((s) => ({
    ref: `street/${boot}/${s}`,
    first: s * 1000,
  }))
  const api = {
    segments: async ({ from, to, limit }: Record<string, string | number>) =>
      all
        .filter(({ first }) => first + 1000 >= Date.parse(String(from)) && first <= Date.parse(String(to)))
        .slice(0, Number(limit))
        .map(({ ref, first }) => ({
          ref,
          from: new Date(first).toISOString(),
          to: new Date(first + 1000).toISOString(),
        })),
    segment: async (_dev: string, ref: string) => new TextEncoder().encode(ref),
    results: async () => ({ items: [] }),
  }
  const desk = {
    open: async (bytes: Uint8Array) => {
      const seq = Number(new TextDecoder().decode(bytes).split('/')[2])
      opened.push(seq)
      const frames = [0, 1].map((i) => ({ seq: seq + i, at: (seq + i) * 1000 }))
      return { id: seq, info: { camera: 'street', boot, width: 1, height: 1, frames, faults: [] } }
    },
    close: (id: number) => void closed.push(id),
  }
  return { reel: new Reel(api, desk, 'gate-1', 'street'), opened, closed }
}

t.test('on and back, over a gap, to the end', async (t) => {
  const { reel } = setUp()
  const film = (await reel.at(4500))!
  t.equal(film.ref, `street/${boot}/4`)
  t.equal((await reel.after(film))!.ref, `street/${boot}/6`)
  t.equal((await reel.before(film))!.ref, `street/${boot}/2`)
  const beforeGap = (await reel.at(98_500))!
  t.equal((await reel.after(beforeGap))!.ref, `street/${boot}/1000`)
  t.equal(await reel.after((await reel.at(1_008_500))!), undefined)
  t.equal(await reel.before((await reel.at(0))!), undefined)
  t.equal(await reel.at(10_000_000), undefined)
})

t.test('a segment is fetched once, and a few are kept', async (t) => {
  const { reel, opened, closed } = setUp()
  await Promise.all([reel.at(4500), reel.at(4600)])
  t.strictSame(opened, [4])
  for (const ms of [6500, 8500, 10_500, 12_500]) await reel.at(ms)
  t.strictSame(closed, [4])
  reel.close()
  t.strictSame(closed, [4, 6, 8, 10, 12])
})

t.test('the frame of a time is the last one not after it', async (t) => {
  const film = {
    info: {
      camera: '',
      boot,
      width: 1,
      height: 1,
      frames: [
        { seq: 0, at: 10 },
        { seq: 1, at: 20 },
      ],
      faults: [],
    },
  }
  t.strictSame(
    [5, 10, 19, 20, 99].map((ms) => frameAt(film, ms)),
    [0, 0, 0, 1, 1],
  )
})
