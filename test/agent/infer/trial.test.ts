/** Threads by trying, with released networks. */

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { WorkerSetup } from '../../../agent/infer/messages.js'
import { tryThreads } from '../../../agent/infer/trial.js'
import { openBundle } from '../../../contract/bundle.js'
import { bundlesDir } from '../../../contract/package-root.js'
import { withFile } from '../../contract/other-bundle.js'

const lean = join(bundlesDir(), 'lean-1')
const bundle = openBundle(lean)
const setup: WorkerSetup = {
  bundle,
  providers: ['cpu'],
  threads: 0,
  heads: ['classify'], // a millisecond, of 50
  sizes: [
    { width: 64, height: 48 },
    { width: 96, height: 64 },
  ],
  framesPerSecond: 1,
}

t.test('one thread is enough where there is time', async (t) => {
  for (const only of ['encoder', 'heads'] as const) {
    const { count, ms, tried } = (await tryThreads(setup, only))!
    t.equal(count, 1)
    t.ok(ms > 0)
    t.equal(tried, `${ms.toFixed(1)} ms with 1`)
  }
})

t.test('as fast as it goes: more are tried, unless something else is enough', async (t) => {
  const { framesPerSecond: _, ...fast } = setup
  const asked: number[] = []
  const one = await tryThreads(fast, 'heads', (_, threads) => asked.push(threads) > 0)
  t.equal(one!.count, 1)
  t.strictSame(asked.slice(0, 1), [1])
})

t.test('large frames are not tried, and cost in proportion', async (t) => {
  const full = { width: 448, height: 256 }
  const huge = { width: 8960, height: 5120 } // 400 times as large; a run of it would take seconds and gigabytes
  const [small, large] = [
    await tryThreads({ ...setup, sizes: [full] }, 'encoder'),
    await tryThreads({ ...setup, sizes: [full, huge] }, 'encoder'),
  ]
  t.ok(large!.ms > 40 * small!.ms, `${large!.ms} and ${small!.ms} ms`)
})

t.test('nothing to choose', async (t) => {
  const none = (more: Partial<WorkerSetup>, only: 'encoder' | 'heads' = 'encoder') =>
    tryThreads({ ...setup, ...more }, only)
  t.equal(await none({ threads: 3 }), undefined, 'the configuration says it')
  t.equal(await none({ providers: [] }), undefined)
  t.equal(await none({ sizes: [] }), undefined, 'no camera is on')
  t.equal(await none({ heads: [] }, 'heads'), undefined)
  const dir = t.testdir()
  cpSync(lean, dir, { recursive: true })
  withFile(dir, 'encoder.onnx', Buffer.from('no graph'))
  t.equal(
    await tryThreads({ ...setup, bundle: openBundle(dir) }, 'encoder'),
    undefined,
    'it does not run: opening it says why',
  )
})
