import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { Narrator, narratorAt } from '../../agent/narrator.js'
import { EventMessage } from '../../contract/messages.js'
import { eventMessage } from '../client/box.js'

const camera = 'device: box\ncameras:\n  - {id: gate, source: x.mp4}\n  - {id: off, source: x.mp4, enabled: false}\n'

function told() {
  const said: string[] = []
  return {
    said,
    narrator: new Narrator(
      'my.yaml',
      (line) => said.push(line),
      () => new Date('2026-05-01T08:00:00Z'),
    ),
  }
}
const record = (phase: 'start' | 'end') => ({ events: [EventMessage.parse(eventMessage('a', phase, 3))] })

t.test('what to do next, once', async (t) => {
  const { said, narrator } = told()
  const running = { config: parseConfig(camera, 'my.yaml'), brokerUrl: 'mqtt://127.0.0.1:1883', tellsEvents: true }
  narrator.running(running)
  t.match(said.join('\n'), /^box watches gate; what comes and goes is said here\. Ctrl-C stops it\.$/m)
  t.match(said.join('\n'), /^ {2}\S.* status --config my\.yaml +how it is$/m)
  t.match(said.join('\n'), /^ {2}\S.* subscribe --events --device box +what it publishes$/m)
  const { length } = said
  narrator.running(running)
  t.equal(said.length, length, 'not after each reload')
})

t.test('a broker of ones own', async (t) => {
  const { said, narrator } = told()
  const mqtt = 'mqtt: {url: "mqtts://hub:8883", base: site/a, username: u, password: hidden}\n'
  const config = parseConfig(`${camera}${mqtt}`, 'my.yaml')
  narrator.running({ config, brokerUrl: 'mqtts://hub:8883', tellsEvents: false })
  t.match(said.join('\n'), / subscribe --device box --broker mqtts:\/\/hub:8883 --base site\/a --username u {2}/)
  t.notMatch(said.join('\n'), 'hidden')
  t.match(said.join('\n'), 'does not say what comes and goes')
})

t.test('that pictures come, and who comes and goes', async (t) => {
  const { said, narrator } = told()
  narrator.committed({ cam: 'gate', record: {} })
  narrator.committed({ cam: 'gate', record: record('start') })
  narrator.committed({ cam: 'gate', record: record('end') })
  t.match(said, [/:00:00 gate: pictures come$/, /gate: person enters/, /gate: person is gone/])
  t.equal(said.length, 3)
})

t.test('a service has no terminal', async (t) => {
  t.equal(narratorAt({}, 'my.yaml'), undefined)
  t.ok(narratorAt({ isTTY: true }, 'my.yaml'))
})
