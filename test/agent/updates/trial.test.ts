import t from 'tap'
import { choose, readChoice } from '../../../agent/updates/choice.js'
import { Trial } from '../../../agent/updates/trial.js'

t.test('a frame shows that it runs', async (t) => {
  const dir = t.testdir()
  const trial = new Trial(dir)
  t.equal(trial.begin(), undefined)
  t.notOk(trial.onTrial, 'nothing was chosen')
  choose(dir, 'field-2')
  t.equal(trial.begin(), undefined)
  t.match(readChoice(dir), { use: 'field-2', trial: 'running' })
  t.equal(trial.begin(), undefined, 'a reload of the same process is no failure')
  t.ok(trial.onTrial)
  trial.proven('field-1')
  t.match(readChoice(dir), { trial: 'running' }, 'a last frame of the agent before it')
  trial.proven('field-2')
  t.strictSame(readChoice(dir), { use: 'field-2', before: 'field-1' })
  trial.ended()
  t.strictSame(readChoice(dir), { use: 'field-2', before: 'field-1' })
  t.equal(new Trial(dir).begin(), undefined)
})

t.test('an end before that', async (t) => {
  const dir = t.testdir()
  choose(dir, 'field-2')
  const stopped = new Trial(dir)
  stopped.begin()
  stopped.ended()
  t.match(readChoice(dir), { use: 'field-2', trial: 'waiting' }, 'an orderly one says nothing')
  new Trial(dir).begin() // and is killed
  t.match(new Trial(dir).begin(), { id: 'field-2', to: 'field-1', why: /ended, in no orderly way, before/ })
  t.match(readChoice(dir), { use: 'field-1', trial: undefined, fell: { id: 'field-2' } })
  t.equal(new Trial(dir).begin(), undefined)
})

t.test('what is chosen meanwhile is not what has shown a frame', async (t) => {
  const dir = t.testdir()
  choose(dir, 'field-2')
  const trial = new Trial(dir)
  trial.begin()
  choose(dir, 'field-3')
  trial.proven('field-2')
  t.match(readChoice(dir), { use: 'field-3', trial: 'waiting', before: 'field-1' })
})
