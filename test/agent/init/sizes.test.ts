import t from 'tap'
import { sizesFor } from '../../../agent/init/sizes.js'

t.test('the usual, half, twice, each with the proportions of the camera', async (t) => {
  t.strictSame(sizesFor({ width: 1920, height: 1080 }, 16), [
    { width: 448, height: 256 },
    { width: 320, height: 176 },
    { width: 624, height: 352 },
  ])
  t.strictSame(sizesFor({ width: 640, height: 480 }, 16)[0], { width: 384, height: 288 })
  t.strictSame(sizesFor({ width: 1080, height: 1920 }, 16)[0], { width: 256, height: 448 })
})

t.test('sides that the configuration takes, whatever the camera', async (t) => {
  for (const camera of [
    { width: 10_000, height: 16 },
    { width: 16, height: 10_000 },
    { width: 1, height: 1 },
  ])
    for (const multiple of [16, 64])
      for (const { width, height } of sizesFor(camera, multiple))
        t.ok(
          [width, height].every((side) => side % multiple === 0 && side >= 16 && side <= 4096),
          `${width}x${height}`,
        )
})
