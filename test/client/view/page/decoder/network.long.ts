/** What the browser runs, run here: a second goes into its WebAssembly. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Network } from '../../../../../client/view/page/decoder/network.js'
import { sampleSymbols } from '../../../bundle.js'
import { readWasm } from './ort.js'

const decoder = readFileSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'decoder.onnx'))

t.test('symbols become a picture, as a canvas takes it', async (t) => {
  readWasm()
  const network = await Network.open(decoder)
  const { width, height, rgba } = await network.paint(sampleSymbols(), [1, 2, 2, 4], 32, 16)
  t.strictSame([width, height, rgba.length], [32, 16, 32 * 16 * 4])
  const pixel = (x: number) => [...rgba.subarray(x * 4, x * 4 + 4)]
  t.strictSame(
    [pixel(4), pixel(12), pixel(20)],
    [0, 20, 40].map((grey) => [grey, grey, grey, 255]),
  )
  await t.rejects(network.paint(sampleSymbols(), [1, 2, 2, 4], 16, 16), /expected uint8 of 16x16/)
  await t.rejects(Network.open(Uint8Array.of(1, 2, 3)))
})
