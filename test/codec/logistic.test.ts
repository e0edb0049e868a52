import t from 'tap'
import { SQUASH, STRETCH, STRETCH_LIMIT } from '../../codec/logistic.js'

t.test('squash rises from nearly 0 to nearly 1, and is never either', async (t) => {
  for (let i = 1; i < SQUASH.length; i++) if (SQUASH[i] < SQUASH[i - 1]) t.fail(`falls at ${i}`)
  t.ok(SQUASH[0] >= 1 && SQUASH[4095] <= 65535)
  t.equal(SQUASH[2048], 32768)
})

t.test('squash is the logistic function to a part in a hundred', async (t) => {
  for (let x = -STRETCH_LIMIT; x <= STRETCH_LIMIT; x++) {
    const exact = 65536 / (1 + Math.exp(-x / 200))
    if (Math.abs(SQUASH[x + 2048] - exact) > 0.012 * 65536) t.fail(`at ${x}: ${SQUASH[x + 2048]}, not ${exact}`)
  }
})

t.test('stretch is the first x whose squash reaches a probability', async (t) => {
  for (let p = 0; p < 4096; p++) {
    const x = STRETCH[p]
    if (x < STRETCH_LIMIT && SQUASH[x + 2048] >> 4 < p) t.fail(`at ${p}: too small`)
    if (x > -STRETCH_LIMIT && SQUASH[x + 2047] >> 4 >= p) t.fail(`at ${p}: not the first`)
  }
})
