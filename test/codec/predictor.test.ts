import t from 'tap'
import { BitCoder } from '../../codec/binary.js'
import { INPUTS, Predictor } from '../../codec/predictor.js'
import { below, seeded } from './samples.js'

/** Bits that follow their context nine times in ten. */
function run(predictor: Predictor, code: (coder: BitCoder, node: number, bit: number) => number, count = 20_000) {
  const random = seeded(5)
  const coder = new BitCoder()
  coder.startEncoding()
  for (let i = 0; i < count; i++) {
    const context = below(random, 50)
    for (let input = 0; input < predictor.inputs; input++) predictor.context(input, 1, context * (input + 1))
    predictor.select(1, context % 16, context)
    code(coder, context % 32, random() < 0.9 ? context & 1 : 1 - (context & 1))
  }
  return coder.finish()
}

t.test('the form written out for three inputs is the slow obvious one', async (t) => {
  const fast = new Predictor(2, INPUTS.fast)
  const slow = new Predictor(2, INPUTS.fast)
  type Inside = { codeAll(coder: BitCoder, node: number, bit: number): number }
  const a = run(fast, (coder, node, bit) => fast.code(coder, node, bit))
  const b = run(slow, (coder, node, bit) => (slow as unknown as Inside).codeAll(coder, node, bit))
  t.same(a, b)
  t.same(fast.counters, slow.counters)
  t.same(fast.byActivity, slow.byActivity)
  t.same(fast.byPosition, slow.byPosition)
})

for (const inputs of [INPUTS.fast, INPUTS.max]) {
  t.test(`${inputs} inputs learn what their contexts say`, async (t) => {
    const predictor = new Predictor(2, inputs)
    const bytes = run(predictor, (coder, node, bit) => predictor.code(coder, node, bit)).length
    const entropy = (20_000 * 0.469) / 8 // of a bit that is right nine times in ten
    t.ok(bytes < 1.08 * entropy, `${bytes} bytes, entropy ${entropy}`)
  })
}

t.test('a counter stays within its bits, whatever it sees', async (t) => {
  const predictor = new Predictor(1, INPUTS.fast)
  const coder = new BitCoder()
  for (const bit of [0, 1]) {
    coder.startEncoding()
    for (let i = 0; i < 5000; i++) {
      for (let input = 0; input < 3; input++) predictor.context(input, 0, 9)
      predictor.select(0, 0, 0)
      predictor.code(coder, 0, bit)
    }
    t.ok(coder.finish().length < 40, 'certainty is cheap')
    t.ok(predictor.counters.every((counter) => counter >= 0 && counter < 2 ** 27))
  }
})
