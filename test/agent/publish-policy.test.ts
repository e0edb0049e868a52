/** Frames as the pipeline has them, by hand: which go out, with which bitstreams, and what each says of the one before. */
import t from 'tap'
import type { Camera } from '../../agent/config/schema.js'
import { Keyframes } from '../../agent/keyframes.js'
import { type Candidate, PublishPolicy } from '../../agent/publish-policy.js'
import { ANALYSE } from '../contract/analysing-bundle.js'

const { tags } = ANALYSE
type Wish = Camera['publish']
interface Frame extends Partial<Omit<Candidate, 'seq' | 'due' | 'tags' | 'probabilities'>> {
  readonly fate?: 'stored' | 'sent' | 'lost'
  readonly ms?: number
  /** Of the first tag, person. */
  readonly person?: number
  readonly classes?: number[]
  /** The inference failed. */
  readonly fails?: boolean
}

/** Ten frames a second, a keyframe every 5 s and when asked for, at the earliest after a second. */
function camera(wish: Wish, { bitstreams = true, seconds = 5 } = {}) {
  const policy = new PublishPolicy(wish, tags, bitstreams)
  const keyframes = new Keyframes()
  let [seq, ms] = [0, 0]
  const out: string[] = []
  const keys: number[] = []
  const film = (...frames: Frame[]) => {
    for (const { fate = 'stored', fails, person, classes, ...frame } of frames) {
      const at = frame.ms ?? ms
      ms = at + 100
      const { due, key: must } = policy.before(at)
      const key = keyframes.due('a', at, seconds, must) || frame.key === true
      if (fails) {
        policy.lost(due)
        keyframes.lost('a')
        continue
      }
      const seen = {
        tags: person === undefined ? undefined : new Float32Array(tags.classes.length).fill(person, 0, 1),
        probabilities: classes && Float32Array.from(classes),
      }
      const choice = policy.choose({
        ...{ shown: '', present: false, events: [] },
        ...frame,
        ...{ seq, key, due },
        ...seen,
      })
      const { results, bits, prev } = choice
      if (policy.done(choice, fate)) keyframes.ask('a')
      if (fate === 'stored') keyframes.stored('a', key, at)
      else keyframes.lost('a')
      if (fate === 'lost') continue
      if (key) keys.push(seq)
      const chain = (of: number | null | undefined) => (of === undefined ? '' : `<${of ?? '-'}`)
      if (results)
        out.push(`${seq}${chain(prev?.results)}${bits && fate === 'stored' ? ` bits${chain(prev?.bits)}` : ''}`)
      seq++
    }
    return out.splice(0)
  }
  return { film, keys, still: (count: number, frame: Frame = {}) => film(...Array<Frame>(count).fill(frame)) }
}

t.test('every: all of them, and nothing is said of the one before', async (t) => {
  t.strictSame(camera('every').still(3), ['0 bits', '1 bits', '2 bits'])
  t.strictSame(camera('every', { bitstreams: false }).still(2), ['0', '1'])
})

t.test('on_change: a tag enters at its upper threshold and leaves below its lower one', async (t) => {
  const { film } = camera('on_change', { bitstreams: false })
  t.strictSame(film({ person: 0.1 }), ['0<-'], 'the first of a run')
  t.strictSame(film({ person: 0.1 }, { person: 0.45 }), [], 'not yet')
  t.strictSame(film({ person: 0.5 }), ['3<0'])
  t.strictSame(film({ person: 0.45 }, { person: 0.6 }, { person: 0.4 }), [], 'it stays')
  t.strictSame(film({ person: 0.39 }), ['7<3'])
})

t.test('on_change: what `now` says; of the old classifier, another class that clearly leads', async (t) => {
  const { still } = camera('on_change', { bitstreams: false })
  t.strictSame(still(3, { shown: '[false]' }), ['0<-'])
  t.strictSame(still(3, { shown: '[true]' }), ['3<0'])
  t.strictSame(still(3, { shown: '[true,"street-1"]' }), ['6<3'])
  const old = camera('on_change', { bitstreams: false })
  const lead = (...classes: number[]) => old.film({ classes })
  t.strictSame(lead(0.5, 0.4), ['0<-'])
  t.strictSame([...lead(0.45, 0.5), ...lead(0.46, 0.54)], [], 'by less than 0.1')
  t.strictSame(lead(0.4, 0.55), ['3<0'])
  t.strictSame(lead(0.5, 0.45), [])
})

t.test('on_change: what was not told is told with the next frame that goes anywhere', async (t) => {
  const { film } = camera('on_change')
  film({ shown: 'a' })
  t.strictSame(film({ shown: 'b', fate: 'lost' }), [])
  t.strictSame(film({ shown: 'b', fate: 'lost' }, { shown: 'b' }), ['1<0 bits<0'], 'with the keyframe after a loss')
  t.strictSame(film({ shown: 'c', fate: 'sent' }), ['2<1'], 'published, although nothing has its bitstream')
  t.strictSame(film(...Array<Frame>(30).fill({ shown: 'c', fate: 'sent' })), [], 'and no more while the disk is full')
  t.strictSame(film({ shown: 'c' }, { shown: 'd' }), ['34<2'], 'the keyframe before it did not go out')
})

t.test('events: while something is present, and the frames in which it starts and ends', async (t) => {
  const { film, still } = camera('events', { bitstreams: false })
  t.strictSame(still(5), [])
  t.strictSame(film({ present: true, events: [{ phase: 'start' }] }, { present: true }), ['5<-', '6<5'])
  t.strictSame(film({ events: [{ phase: 'end' }] }, {}), ['7<6'])
  t.strictSame(film({ events: [{ phase: 'update' }] }), [])
})

t.test('a bitstream goes only where all since its keyframe did; else the next keyframe goes out whole', async (t) => {
  const { film, still, keys } = camera('on_change')
  t.strictSame(film({ shown: 'a' }, { shown: 'b' }), ['0<- bits<-', '1<0 bits<0'], 'right behind a keyframe')
  t.strictSame(still(20, { shown: 'b' }), [])
  t.strictSame(film({ shown: 'c' }), ['22<1'])
  t.strictSame(still(20, { shown: 'c' }), ['23<22 bits<1'], 'asked for')
  t.strictSame(film({ shown: 'd' }), ['43<23'])
  t.strictSame(keys, [0, 23])
  t.strictSame(film({ shown: 'd', key: true }, { shown: 'e' }), ['44<43 bits<23', '45<44 bits<44'], 'a scene cut')
})

t.test('a keyframe that nobody waits for stays, and what follows it waits for the next', async (t) => {
  const { film, still, keys } = camera('events', { seconds: 1 })
  still(15)
  t.strictSame(keys, [0, 10])
  t.strictSame(still(10, { present: true }), [
    ...['15<-', '16<15', '17<16', '18<17', '19<18', '20<19 bits<-'],
    ...['21<20 bits<20', '22<21 bits<21', '23<22 bits<22', '24<23 bits<23'],
  ])
  t.strictSame(film({ fails: true }, { present: true }), ['25<24 bits<24'], 'a keyframe, as one was lost')
})

t.test('everySeconds: by the clock that no one sets, and each is the keyframe itself', async (t) => {
  const { film, still, keys } = camera({ everySeconds: 2 })
  t.strictSame(still(45), ['0<- bits<-', '20<0 bits<0', '40<20 bits<20'])
  t.strictSame(keys, [0, 20, 40])
  t.strictSame(
    film({ ms: 6050 }, { ms: 7990 }, { ms: 8000 }),
    ['45<40 bits<40', '47<45 bits<45'],
    'from when it was due',
  )
  t.strictSame(film({ ms: 60_000 }, { ms: 61_000 }, { ms: 62_000 }), ['48<47 bits<47', '50<48 bits<48'], 'a pause')
  t.strictSame(
    film({ ms: 64_000, fails: true }, {}, {}),
    ['51<50 bits<50'],
    'the next one instead of one that was lost',
  )
  const frequent = camera({ everySeconds: 0.1 })
  t.equal(frequent.still(30).length, 30)
  t.strictSame(frequent.keys, [0], 'where none is left out they are predicted as ever')
  const bare = camera({ everySeconds: 1 }, { bitstreams: false })
  t.strictSame(bare.still(11), ['0<-', '10<0'])
  t.strictSame(bare.keys, [0])
})
