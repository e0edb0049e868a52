/** In a process of its own, since a log writes to stderr. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const log = join(import.meta.dirname, '..', '..', 'agent', 'log.js')

function logged(level: string, script: string) {
  const code = `const { createLog } = await import('${log}'); const log = createLog('${level}'); ${script}`
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env,
  })
  t.equal(stdout, '', 'stdout belongs to what a verb prints')
  return { status, lines: stderr.split('\n').filter(Boolean) }
}

t.test('a line of JSON each, on stderr, from the level on', async (t) => {
  const { status, lines } = logged(
    'info',
    `log.debug({}, 'unheard'); log.info({ cam: 'street', broker: 'a\\nb' }, 'camera'); log.error({ reason: 'x' }, 'lost')`,
  )
  t.equal(status, 0)
  t.equal(lines.length, 2)
  const [info, error] = lines.map((line) => JSON.parse(line))
  t.match(info, { level: 30, cam: 'street', broker: 'a\nb', msg: 'camera' })
  t.match(info.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.match(error, { level: 50, reason: 'x', msg: 'lost' })
  t.notOk('pid' in info || 'hostname' in info)
})

t.test('the last line before the process ends is written', async (t) => {
  const { status, lines } = logged(
    'debug',
    `for (let i = 0; i < 2000; i++) log.debug({ i }, 'x'.repeat(200)); process.exit(3)`,
  )
  t.equal(status, 3)
  t.equal(JSON.parse(lines.at(-1)!).i, 1999)
  t.equal(lines.length, 2000)
})
