/** What the units of client/ have in common: a verb off the box, its settings in a file of the environment. */
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { analyze, exposure } from './analyze.js'

export function holdsUnit(verb: 'collect' | 'view', register: (program: Command) => void, execStart: RegExp): void {
  const unit = resolve(`systemd/blindsight-${verb}.service`)
  const settings = readFileSync(unit, 'utf8').split('\n')

  t.test('systemd reads the unit without a complaint, and it is exposed little', async (t) => {
    const { status, output } = analyze('verify', unit)
    t.equal(status, 0, output)
    t.notMatch(output, new RegExp(`/blindsight-${verb}\\.service`))
    // systemd 252 says 1.1.
    t.ok(exposure(unit) <= 2.0)
  })

  t.test('what it relies on, and that it sees no devices', async (t) => {
    for (const needed of [
      `User=blindsight-${verb}`,
      `StateDirectory=blindsight-${verb}`,
      `EnvironmentFile=/etc/blindsight/${verb}.env`,
      'Restart=on-failure',
      'PrivateDevices=yes',
      'DevicePolicy=closed',
    ])
      t.ok(settings.includes(needed), needed)
    t.notOk(settings.some((line) => line.startsWith('DeviceAllow=')))
    t.ok(settings.some((line) => execStart.test(line)))
  })

  t.test('each setting of the example is one that the verb reads', async (t) => {
    const program = new Command()
    register(program)
    const command = program.commands.find((each) => each.name() === verb)!
    // A variable that is given to an option after it was added is in the help, and nobody reads it.
    const listens = command as unknown as EventEmitter
    const known = command.options.flatMap((option) =>
      option.envVar && listens.listenerCount(`optionEnv:${option.name()}`) > 0 ? [option.envVar] : [],
    )
    t.ok(known.includes('BLINDSIGHT_BROKER'))
    const also = ['BLINDSIGHT_MQTT_PASSWORD', `${verb.toUpperCase()}_FLAGS`]
    const lines = readFileSync(`config/${verb}.env`, 'utf8').matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)
    for (const [, name] of lines) t.ok(known.includes(name!) || also.includes(name!) || name!.startsWith('AWS_'), name)
  })
}
