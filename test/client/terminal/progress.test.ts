import t from 'tap'
import { Progress } from '../../../client/terminal/progress.js'

t.test('a log gets a line now and then, with the time left', (t) => {
  let now = 0
  const written: string[] = []
  const progress = new Progress('fetched', 100, { write: (text) => written.push(text) }, () => now)
  for (let i = 0; i < 10; i++) {
    now += 1000
    progress.tick()
  }
  t.same(written, ['fetched: 5 of 100, 1.0/s, 2 min left\n', 'fetched: 10 of 100, 1.0/s, 2 min left\n'])
  t.end()
})

t.test('a terminal line is rewritten and cleared', (t) => {
  let now = 0
  const written: string[] = []
  const progress = new Progress('listed', undefined, { isTTY: true, write: (text) => written.push(text) }, () => now)
  progress.clear()
  now = 500
  progress.tick()
  progress.clear()
  t.same(written, ['\rlisted: 1, 2.0/s\x1b[K', '\r\x1b[K'])
  t.end()
})
