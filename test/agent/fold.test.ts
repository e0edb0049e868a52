import t from 'tap'
import { Fold } from '../../agent/fold.js'

function world() {
  let now = 0
  const shown: string[] = []
  const fold = new Fold(
    (_, fields, text) => shown.push(`${now / 1000}: ${text}${'cam' in fields ? ` ${fields.cam}` : ''}`),
    () => now,
    () => new Date(now).toISOString(),
  )
  const pass = (seconds: number) => {
    for (const end = now + seconds * 1000; now < end; ) {
      now += 1000
      if (now % 5000 === 0) fold.settle()
    }
  }
  return { fold, shown, pass }
}

t.test('the first at once, its repeats as a number, once it is quiet', async (t) => {
  const { fold, shown, pass } = world()
  for (let i = 0; i < 10; i++) {
    fold.add('warn', { cam: 'street', retryMs: i }, 'capture ended')
    pass(1)
  }
  t.strictSame(shown, ['0: capture ended street'])
  pass(120)
  t.strictSame(shown.slice(1), ['60: capture ended (repeated 9 times) street'])
})

t.test('a change is shown at once, and what comes again after a change a few times', async (t) => {
  const { fold, shown, pass } = world()
  for (let i = 0; i < 6; i++) {
    fold.add('info', { cam: 'street', state: 'online' }, 'camera')
    pass(5)
    fold.add('info', { cam: 'street', state: 'offline' }, 'camera')
    pass(5)
  }
  t.equal(shown.length, 6)
  pass(60)
  t.equal(shown.filter((line) => line.includes('(repeated 3 times)')).length, 2)
  fold.add('info', { cam: 'yard', state: 'offline' }, 'camera')
  t.match(shown.at(-1), /: camera yard$/)
})

for (const seconds of [20, 90, 300]) {
  t.test(`two cameras that fail every ${seconds} s for three days`, async (t) => {
    const { fold, shown, pass } = world()
    const times = (3 * 86_400) / seconds
    for (let i = 0; i < times; i++) {
      for (const cam of ['street', 'yard']) {
        fold.add('info', { cam, state: 'online' }, 'camera')
        fold.add('info', { cam, state: 'offline', reason: 'it hung up' }, 'camera')
        fold.add('warn', { cam, reason: 'it hung up', retryMs: 500 }, 'capture ended')
      }
      pass(seconds)
    }
    t.ok(shown.length < 6 * (3 * 24 + 10), `${shown.length} lines`)
    fold.flush()
    const counted = shown.reduce((n, line) => n + Number(/repeated (\d+)/.exec(line)?.[1] ?? 1), 0)
    t.equal(counted, 6 * times, 'and all are counted')
  })
}

t.test('after ten minutes it is news again', async (t) => {
  const { fold, shown, pass } = world()
  fold.add('error', {}, 'no disk')
  pass(601)
  fold.add('error', {}, 'no disk')
  t.strictSame(shown, ['0: no disk', '601: no disk'])
})

t.test('at the end nothing stays unsaid', async (t) => {
  const { fold, shown } = world()
  for (let i = 0; i < 3; i++) fold.add('info', {}, 'a')
  fold.flush()
  t.strictSame(shown, ['0: a', '0: a (repeated 2 times)'])
})

t.test('what it remembers is bounded', async (t) => {
  const { fold, shown } = world()
  fold.add('warn', {}, 'first')
  fold.add('warn', {}, 'first')
  for (let i = 0; i < 1000; i++) fold.add('warn', { reason: `x${i}` }, 'other')
  t.equal(shown.length, 1002)
  t.ok(shown.includes('0: first (repeated once)'), 'and what is forgotten is said before')
})
