import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { choose, chosen, goBack, readChoice, writeChoice } from '../../../agent/updates/choice.js'
import { otherBundle } from '../../contract/other-bundle.js'

t.test('what is chosen, and the one before', async (t) => {
  const dir = t.testdir()
  t.strictSame(readChoice(dir), {})
  t.equal(chosen(dir), 'field-1')
  choose(dir, 'field-2')
  t.strictSame(readChoice(dir), { use: 'field-2', before: 'field-1', trial: 'waiting' })
  t.strictSame(readdirSync(join(dir, 'bundles')), ['choice.json'])
  choose(dir, 'field-2')
  t.match(readChoice(dir), { use: 'field-2', trial: 'waiting' }, 'once more changes nothing')
  choose(dir, 'field-3')
  t.match(readChoice(dir), { use: 'field-3', before: 'field-1' }, 'what never ran is not what to go back to')
  choose(dir, 'field-1')
  t.strictSame(readChoice(dir), { use: 'field-1' }, 'which has run')
  writeChoice(dir, { use: 'field-2', before: 'field-1' })
  choose(dir, 'field-1')
  t.strictSame(readChoice(dir), { use: 'field-1', before: 'field-2', trial: 'waiting' }, 'there and back')
})

t.test('back to the one before, if that is still there', async (t) => {
  const dir = t.testdir()
  t.equal(goBack(dir, 'why'), undefined, 'there is nothing to go back to')
  writeChoice(dir, { use: 'field-2', before: 'lean-5', trial: 'running' })
  t.match(goBack(dir, 'why'), { id: 'field-2', to: 'lean-5', why: 'why' })
  t.match(readChoice(dir), { use: 'lean-5', trial: undefined, fell: { id: 'field-2' } })
  t.match(goBack(dir, 'also'), { id: 'lean-5', to: 'field-1' }, 'and at last to that of the package')
  t.equal(goBack(dir, 'why'), undefined)
  writeChoice(dir, { use: 'field-3', before: 'field-2' })
  t.match(goBack(dir, 'why'), { to: 'field-1' }, 'field-2 is gone')
  otherBundle(join(dir, 'bundles'))
  writeChoice(dir, { use: 'field-1', before: 'field-2' })
  t.match(goBack(dir, 'why'), { to: 'field-2' })
})

t.test('a choice that cannot be read', async (t) => {
  const dir = t.testdir()
  mkdirSync(join(dir, 'bundles'))
  writeFileSync(join(dir, 'bundles', 'choice.json'), '{"use":')
  t.equal(chosen(dir), 'field-1')
  t.match(readChoice(dir), { fell: { to: 'field-1', why: /choice\.json: damaged; choose again/ } })
  t.strictSame(readChoice(join(dir, 'bundles', 'choice.json')), {}, 'a stateDir that is none')
})
