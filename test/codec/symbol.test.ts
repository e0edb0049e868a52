import t from 'tap'
import { BitCoder } from '../../codec/binary.js'
import { Predictor } from '../../codec/predictor.js'
import { codeSymbol } from '../../codec/symbol.js'

t.test('every symbol comes back from every guess, for every number of levels', async (t) => {
  for (let levels = 2; levels <= 8; levels++) {
    const cases = Array.from({ length: levels * levels }, (_, i) => [i % levels, Math.floor(i / levels)])
    const run = (coder: BitCoder, wanted: (i: number) => number) => {
      const predictor = new Predictor(1, 3)
      for (let input = 0; input < 3; input++) predictor.context(input, 0, input)
      predictor.select(0, 0, 0)
      return cases.map(([guess], i) => codeSymbol(coder, predictor, levels, guess, wanted(i)))
    }
    const coder = new BitCoder()
    coder.startEncoding()
    const wanted = cases.map(([, symbol]) => symbol)
    t.same(
      run(coder, (i) => wanted[i]),
      wanted,
    )
    const code = coder.finish()
    coder.startDecoding(code)
    t.same(
      run(coder, () => 0),
      wanted,
      `${levels} levels`,
    )
    t.equal(coder.end(), undefined)
  }
})
