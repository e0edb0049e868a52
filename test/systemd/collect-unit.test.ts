import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { registerCollect } from '../../client/collect/command.js'
import { analyze, exposure } from './analyze.js'

const unit = resolve('systemd/blindsight-collect.service')
const settings = readFileSync(unit, 'utf8').split('\n')

t.test('systemd reads the unit without a complaint, and it is exposed little', async (t) => {
  const { status, output } = analyze('verify', unit)
  t.equal(status, 0, output)
  t.notMatch(output, /blindsight-collect\.service/)
  // systemd 252 says 1.1.
  t.ok(exposure(unit) <= 2.0)
})

t.test('what the collector relies on, and that it sees no devices', async (t) => {
  for (const needed of [
    'User=blindsight-collect',
    'StateDirectory=blindsight-collect',
    'EnvironmentFile=/etc/blindsight/collect.env',
    'Restart=on-failure',
    'PrivateDevices=yes',
    'DevicePolicy=closed',
  ])
    t.ok(settings.includes(needed), needed)
  t.notOk(settings.some((line) => line.startsWith('DeviceAllow=')))
  t.ok(settings.some((line) => /^ExecStart=\/usr\/bin\/env node \S+ collect \$COLLECT_FLAGS$/.test(line)))
})

t.test('each setting of the example is one that collect reads', async (t) => {
  const program = new Command()
  registerCollect(program)
  const collect = program.commands.find((command) => command.name() === 'collect')!
  const known = collect.options.map(({ envVar }) => envVar)
  const also = ['BLINDSIGHT_MQTT_PASSWORD', 'COLLECT_FLAGS']
  const lines = readFileSync('config/collect.env', 'utf8').matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)
  for (const [, name] of lines) t.ok(known.includes(name) || also.includes(name) || name.startsWith('AWS_'), name)
})
