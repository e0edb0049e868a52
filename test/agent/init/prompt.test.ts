/** The library's prompts on streams: keys in, a screen out. test/e2e/init.test.ts has them at a terminal. */
import { PassThrough } from 'node:stream'
import t from 'tap'
import { Terminal } from '../../../agent/init/prompt.js'

function terminal(size: { columns?: number; rows?: number } = {}) {
  const [input, output] = [new PassThrough(), Object.assign(new PassThrough(), size)]
  const screen = { text: '' }
  output.on('data', (text) => {
    screen.text += text
  })
  return { ask: new Terminal({ input, output }), input, output, screen }
}

/** A key that is pressed before the question listens would be lost: one turn later it does. */
const typed = async <T>(input: PassThrough, answer: Promise<T>, ...keys: string[]): Promise<T> => {
  for (const key of keys) {
    await new Promise((resolve) => setImmediate(resolve))
    input.write(key)
  }
  return answer
}
const [ENTER, DOWN, CTRL_C] = ['\r', '\x1b[B', '\x03']

t.test('a text: refused, mended, and shown without what is secret', async (t) => {
  const { ask, input, screen } = terminal()
  const answer = ask.text('Address', { wrong: (x) => (x === 'a' ? 'longer' : undefined), shown: () => 'hidden' })
  t.equal(await typed(input, answer, 'a', ENTER, 'b', ENTER), 'ab')
  t.match(screen.text, /longer/)
  t.match(screen.text.slice(screen.text.lastIndexOf('Address')), /hidden/)
  const empty = ask.text('Name', { empty: 'made up' })
  t.equal(await typed(input, empty, ENTER), '')
  t.match(screen.text, /made up/)
  t.equal(await typed(input, ask.text('Rate', { initial: '10' }), ENTER), '10')
})

t.test('a suggestion: Enter takes it, typing replaces it, Tab takes it to change it', async (t) => {
  const { ask, input, screen } = terminal()
  const how = { initial: 'camera', wrong: (text: string) => (text === '' ? 'write one' : undefined) }
  t.equal(await typed(input, ask.text('Name', how), ENTER), 'camera')
  t.match(screen.text, /camera/, 'it is shown before anything is typed')
  t.equal(await typed(input, ask.text('Name', how), 'g', 'x', '\x7f', 'ate', ENTER), 'gate')
  t.equal(await typed(input, ask.text('Name', how), 'x', '\x7f', ENTER), 'camera')
  t.equal(await typed(input, ask.text('Name', how), '\t', '2', ENTER), 'camera2')
  t.equal(await typed(input, ask.text('Name', how), 'y', '\t', ENTER), 'y')
  const refused = ask.text('Name', { initial: 'a', wrong: (text) => (text === 'a' ? 'taken' : undefined) })
  t.equal(await typed(input, refused, ENTER, 'b', ENTER), 'b')
  t.match(screen.text, /taken/)
})

t.test('a terminal that does not know its size, as a serial console does not', async (t) => {
  const { ask, input, output, screen } = terminal({ columns: 0, rows: 0 })
  const choices = ['a', 'b'].map((value) => ({ value, label: value }))
  t.equal(await typed(input, ask.text('What is this box called?', { initial: 'box' }), 'gate', ENTER), 'gate')
  t.equal(await typed(input, ask.choose('Which of the two?', choices), DOWN, ENTER), 'b')
  t.equal(await typed(input, ask.secret('Password'), 'q', ENTER), 'q')
  ask.say('something to read')
  t.match(screen.text, /What is this box called\?/, 'in one line')
  t.match(screen.text, /something to read/)
  t.ok(screen.text.length < 5000, String(screen.text.length))
  Object.assign(output, { columns: 0, rows: 0 })
  output.emit('resize')
  t.match(output, { columns: 80, rows: 24 })
})

t.test('a secret is dots', async (t) => {
  const { ask, input, screen } = terminal()
  t.equal(await typed(input, ask.secret('Password'), 'q', 'z', ENTER), 'qz')
  t.notMatch(screen.text, /q|z/)
  t.equal(await typed(input, ask.secret('Password'), ENTER), '')
})

t.test('one of several, several of them, yes or no', async (t) => {
  const { ask, input } = terminal()
  const choices = ['a', 'b', 'c'].map((value) => ({ value: { value }, label: value, hint: `the ${value}` }))
  t.equal((await typed(input, ask.choose('Which?', choices), DOWN, ENTER)).value, 'b')
  t.equal((await typed(input, ask.choose('Which?', choices, choices[2]!.value), ENTER)).value, 'c')
  const several = ask.several('Which?', choices, [choices[1]!.value])
  t.strictSame(
    (await typed(input, several, ' ', ENTER)).map(({ value }) => value),
    ['a', 'b'],
  )
  t.equal(await typed(input, ask.confirm('Sure?', false), ENTER), false)
  t.equal(await typed(input, ask.confirm('Sure?', false), 'y'), true)
})

t.test('Ctrl-C at any of them', async (t) => {
  const { ask, input, screen } = terminal()
  const choices = [{ value: 1, label: 'a' }]
  for (const question of [
    () => ask.text('?'),
    () => ask.secret('?'),
    () => ask.choose('?', choices),
    () => ask.several('?', choices, []),
    () => ask.confirm('?', true),
  ])
    await t.rejects(typed<unknown>(input, question(), CTRL_C), { name: 'Cancelled' })
  ask.say('said')
  ask.warn('warned')
  t.match(screen.text, /said.*warned/s)
})
