import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { registerView } from '../../client/view/command.js'
import { analyze, exposure } from './analyze.js'

const unit = resolve('systemd/blindsight-view.service')
const settings = readFileSync(unit, 'utf8').split('\n')

t.test('systemd reads the unit without a complaint, and it is exposed little', async (t) => {
  const { status, output } = analyze('verify', unit)
  t.equal(status, 0, output)
  t.notMatch(output, /blindsight-view\.service/)
  // systemd 252 says 1.1.
  t.ok(exposure(unit) <= 2.0)
})

t.test('what the page relies on, and that it sees no devices', async (t) => {
  for (const needed of [
    'User=blindsight-view',
    'StateDirectory=blindsight-view',
    'EnvironmentFile=/etc/blindsight/view.env',
    'Restart=on-failure',
    'PrivateDevices=yes',
    'DevicePolicy=closed',
  ])
    t.ok(settings.includes(needed), needed)
  t.notOk(settings.some((line) => line.startsWith('DeviceAllow=')))
  t.ok(
    settings.some((line) =>
      /^ExecStart=\/usr\/bin\/env node \/opt\/blindsight-view\/\S+ view \$VIEW_FLAGS$/.test(line),
    ),
    "not the box's program",
  )
})

t.test('each setting of the example is one that view reads, and it stays on loopback', async (t) => {
  const program = new Command()
  registerView(program)
  const view = program.commands.find((command) => command.name() === 'view')!
  const known = view.options.map(({ envVar }) => envVar)
  const also = ['BLINDSIGHT_MQTT_PASSWORD', 'VIEW_FLAGS']
  const text = readFileSync('config/view.env', 'utf8')
  for (const [, name] of text.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm))
    t.ok(known.includes(name) || also.includes(name) || name.startsWith('AWS_'), name)
  const [flags] = text.match(/^VIEW_FLAGS=.*$/m)!
  t.match(flags, '--audit /var/lib/blindsight-view/')
  t.notMatch(flags, '--host')
})
