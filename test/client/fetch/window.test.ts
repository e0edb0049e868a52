import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { inWindow } from '../../../client/fetch/window.js'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i
}

t.test('never more than the window, everything once', async (t) => {
  let now = 0
  let most = 0
  const done: number[] = []
  await inWindow(numbers(20), 4, async (i) => {
    most = Math.max(most, ++now)
    await wait(1)
    done.push(i)
    now--
  })
  t.equal(most, 4)
  t.equal(new Set(done).size, 20)
})

t.test('the first failure stops it', async (t) => {
  let started = 0
  const work = async (i: number) => {
    started++
    await wait(1)
    if (i === 2) throw new Error('two')
  }
  await t.rejects(inWindow(numbers(1000), 4, work), /two/)
  t.ok(started < 20)
})
