/** Agents that are killed, and what they leave. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { endOrphans, markChildren } from '../../../agent/capture/orphans.js'
import { until } from '../../e2e/until.js'

const clip = join(import.meta.dirname, '..', '..', '..', 'config', 'demo', 'street.mp4')
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const read = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', clip, '-f', 'null', '-']

t.test("what is meant for the agent's allocator does not reach its programs", async (t) => {
  const before = process.env.BLINDSIGHT_AGENT
  t.teardown(() => {
    if (before === undefined) delete process.env.BLINDSIGHT_AGENT
  })
  process.env.MALLOC_MMAP_THRESHOLD_ = '1048576'
  markChildren()
  t.notOk('MALLOC_MMAP_THRESHOLD_' in process.env)
  t.ok('PATH' in process.env)
})

t.test(
  'what a killed agent left is ended; what is marked by one that runs, and what is not marked, is not',
  async (t) => {
    const before = process.env.BLINDSIGHT_AGENT
    markChildren()
    const mark = process.env.BLINDSIGHT_AGENT!
    if (before === undefined) delete process.env.BLINDSIGHT_AGENT
    const [, , space] = mark.split(':')
    const start = (env: NodeJS.ProcessEnv) => {
      const child = spawn('ffmpeg', read, { env: { ...process.env, ...env }, stdio: 'ignore' })
      t.teardown(() => child.kill('SIGKILL'))
      return child.pid!
    }
    const ours = start({ BLINDSIGHT_AGENT: mark })
    const stranger = start({})
    const elsewhere = start({ BLINDSIGHT_AGENT: '4194305:1:1' })
    const left = start({ BLINDSIGHT_AGENT: `4194305:1:${space}` })
    const reused = start({ BLINDSIGHT_AGENT: `${process.pid}:1:${space}` })
    await until('the orphans', () => {
      const ended = endOrphans()
      for (const pid of ended) t.ok([left, reused].includes(pid))
      return !alive(left) && !alive(reused)
    })
    for (const pid of [ours, stranger, elsewhere]) t.ok(alive(pid))
  },
)
