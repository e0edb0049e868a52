import t from 'tap'
import { bytesPerDay, duration, gigabytes, lasts } from '../../../agent/init/storage.js'

t.test('a day is frames, pixels and cameras', async (t) => {
  const one = { width: 448, height: 256, fps: 10 }
  t.equal(bytesPerDay([one]), 10 * 86_400 * 2400)
  t.equal(bytesPerDay([one, { ...one, width: 896 }]), 3 * bytesPerDay([one]))
  t.equal(lasts(20_000, [one]), 'about 2.1 GB a day: 20 GB hold about 9.6 days')
})

t.test('in words, no more exactly than is known', async (t) => {
  t.equal(gigabytes(123.4e9), '123 GB')
  t.equal(duration(0.01), '1 hour')
  t.equal(duration(1.5), '36 hours')
  t.equal(duration(12.34), '12 days')
})
