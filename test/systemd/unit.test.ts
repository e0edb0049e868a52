import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { analyze, exposure } from './analyze.js'

const unit = resolve('systemd/blindsight.service')
const settings = readFileSync(unit, 'utf8')
  .split('\n')
  .filter((line) => /^\w+=/.test(line))

t.test('systemd reads the unit without a complaint', async (t) => {
  const { status, output } = analyze('verify', unit)
  t.equal(status, 0, output)
  t.notMatch(output, /blindsight\.service/)
})

t.test('exposure stays low', async (t) => {
  // systemd 252 says 1.6.
  const score = exposure(unit)
  t.ok(score <= 2.0, `score ${score}`)
})

t.test('what the agent relies on', async (t) => {
  for (const needed of [
    'Type=notify',
    'NotifyAccess=main',
    'User=blindsight',
    'SupplementaryGroups=video render',
    'StateDirectory=blindsight',
    // 50 MB: docs/background/costs.md
    'Environment=MALLOC_MMAP_THRESHOLD_=1048576',
    'Environment=MALLOC_TRIM_THRESHOLD_=1048576',
    'Restart=on-failure',
    'RestartPreventExitStatus=78',
    'KillSignal=SIGTERM',
  ])
    t.ok(settings.includes(needed), needed)
  t.ok(settings.some((line) => line.startsWith('WatchdogSec=')))
  t.ok(
    settings.some((line) =>
      /^ExecStart=\/usr\/bin\/env node \S+ run --config \/etc\/blindsight\/config\.yaml$/.test(line),
    ),
  )
})

t.test('a reload checks the configuration first, then tells the agent', async (t) => {
  const reload = settings.filter((line) => line.startsWith('ExecReload='))
  t.match(reload, [
    /^ExecReload=\/usr\/bin\/env node \S+ check-config --config \/etc\/blindsight\/config\.yaml$/,
    'ExecReload=/bin/kill -HUP $MAINPID',
  ])
})

t.test('what would take the camera, the GPU or the compiler away', async (t) => {
  for (const name of ['PrivateDevices', 'MemoryDenyWriteExecute', 'ProcSubset', 'PrivateNetwork'])
    t.notOk(
      settings.some((line) => line.startsWith(`${name}=`)),
      name,
    )
})
