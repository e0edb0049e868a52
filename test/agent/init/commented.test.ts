import t from 'tap'
import { Config } from '../../../agent/config/schema.js'
import { readYaml } from '../../../agent/config/yaml.js'
import { commented } from '../../../agent/init/commented.js'
import { camera } from './scripted.js'

const polygon = [
  [0, 0],
  [0.5, 0],
  [0.5, 1],
]
const values = {
  device: 'on',
  cameras: [
    {
      ...camera,
      zones: [
        { name: 'a', polygon },
        { name: 'b', polygon },
      ],
      events: [{ class: 'person', zone: 'a' }],
    },
    { ...camera, id: 'other', source: 'rtsp://x/ #1' },
  ],
  archive: { maxDays: 3 },
}
const text = commented(Config, values)

t.test('it reads as what was written', async (t) => {
  t.strictSame(readYaml(text).value, values)
})

t.test('its commented keys are the defaults: without their # nothing changes', async (t) => {
  const all = text.replaceAll(/^( *)#(?! )(.*: .+|(?:bundles|mqtt|outbox|clock|decode|analyse):)$/gm, '$1$2')
  t.ok(all.includes('\nmqtt:\n  embeddedPort') || all.includes('\n  embeddedPort: 1883'))
  t.strictSame(Config.parse(readYaml(all.replace(/^ {2}host: .*$/m, '')).value), Config.parse(values))
})

t.test('every key of the schema is there, with what the schema says of it', async (t) => {
  for (const key of Object.keys(Config.shape)) t.match(text, new RegExp(`^#?${key}:`, 'm'))
  t.match(text, /^ {4}# entropy coding: max is smallest.*\n {4}#coding: fast$/m)
  t.equal(text.match(/entropy coding/g)!.length, 1, 'at the first camera alone')
  for (const line of text.split('\n')) t.ok(line.length < 130, line)
})
