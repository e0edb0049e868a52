import t from 'tap'
import { configOf, wrongSecret } from '../../../agent/init/draft.js'
import { camera } from './scripted.js'

/** In a configuration a variable of the environment; here it is text. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
const X = '${X}'

t.test('passwords go into files, and what is not known is not there', async (t) => {
  const { values, secrets } = configOf(
    {
      cameras: [{ ...camera, username: 'u', password: 'p' }],
      broker: { url: 'mqtt://b', username: X, password: 'q' },
    },
    '/etc/x',
  )
  t.strictSame(values, {
    cameras: [{ ...camera, username: 'u', passwordFile: '/etc/x/camera-gate-password' }],
    mqtt: { url: 'mqtt://b', usernameFile: '/etc/x/mqtt-user', passwordFile: '/etc/x/mqtt-password' },
  })
  t.strictSame(secrets, [
    { file: '/etc/x/camera-gate-password', text: 'p\n' },
    { file: '/etc/x/mqtt-user', text: `${X}\n` },
    { file: '/etc/x/mqtt-password', text: 'q\n' },
  ])
  t.strictSame(configOf({ cameras: [{ ...camera, username: 'u', password: '' }] }, '/').values, {
    cameras: [{ ...camera, username: 'u' }],
  })
})

t.test('passwords that a file cannot hold', async (t) => {
  t.equal(wrongSecret(`a b ${X} #`), undefined)
  t.match(wrongSecret(' a'), /blank/)
  t.match(wrongSecret('a\u0007'), /control/)
})
