import { statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { setAsideFiles, unmetLimits } from '../../../agent/archive/room.js'

t.test('limits that the partition cannot meet, and what to do', async (t) => {
  const dir = t.testdir()
  const { blocks, bsize } = statfsSync(dir)
  const total = blocks * bsize
  const state = join(dir, 'not', 'made', 'yet')
  t.strictSame(unmetLimits({ maxBytes: total / 4, minFreeBytes: total / 4 }, state), [])
  t.match(unmetLimits({ maxBytes: 1e6, minFreeBytes: total }, state), [
    { minFreeBytes: total / 10, text: /set to less/ },
  ])
  t.match(unmetLimits({ maxBytes: total, minFreeBytes: 1e6 }, state), [
    { minFreeBytes: undefined, text: /maxMegabytes/ },
  ])
})

t.test('what was set aside, and whether it is still needed', async (t) => {
  const dir = t.testdir({
    'archive.damaged-20261125T200001Z.sqlite': 'x',
    'archive.damaged-20261125T200002Z.sqlite': 'y',
  })
  const note = { done: true, taken: 5, passed: 2, unreadable: 1 }
  writeFileSync(join(dir, 'archive.damaged-20261125T200001Z.sqlite.taken-over.json'), JSON.stringify(note))
  t.match(setAsideFiles(dir), [/7 frames taken over, 1 could not be read; it can be removed/, /leave it there/])
})
