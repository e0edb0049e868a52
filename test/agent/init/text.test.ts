/** Whatever is answered, the file is one that `check-config` takes, and means what was answered. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { formatAddress, parseAddress } from '../../../agent/address.js'
import { loadConfig } from '../../../agent/config/load.js'
import { fit } from '../../../agent/fit.js'
import { type Draft, wrongSecret } from '../../../agent/init/draft.js'
import { loaded, reread, textOf } from '../../../agent/init/text.js'
import { PRESETS, readZone } from '../../../agent/init/zones.js'
import { camera } from './scripted.js'

/** In a configuration a variable of the environment; here it is text. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
const HOME = '${HOME}'

const oneLine = fc
  .string({ minLength: 1, maxLength: 30, unit: 'binary' })
  .map((text) => text.replaceAll(/\p{C}/gu, '').trim())
  .filter((text) => text !== '' && wrongSecret(text) === undefined)
const awkward = fc.constantFrom(
  HOME,
  '# a',
  'a: b',
  '"',
  "'",
  '%41',
  '@',
  'null',
  '1e3',
  '- x',
  '[',
  '{a',
  '*a',
  '&b',
  'ä',
)
const secret = fc.oneof(oneLine, awkward)
const name = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
const percent = fc.integer({ min: 0, max: 100 })
const zone = fc.oneof(
  fc.constantFrom(...PRESETS.map(({ polygon }) => polygon)),
  fc
    .tuple(percent, percent, percent, percent)
    .map((numbers) => readZone(numbers.join(' ')))
    .filter((read) => typeof read !== 'string'),
)
const login = fc.oneof(fc.constant({}), fc.record({ username: secret, password: secret }))
const cameraOf = fc
  .tuple(
    fc.record({
      id: name,
      source: fc.constantFrom('rtsp://host.local/a b?c=d#e', 'http://10.0.0.5:80/x', "rtsp://[::1]/it's"),
      width: fc.integer({ min: 1, max: 256 }).map((n) => n * 16),
      height: fc.integer({ min: 1, max: 256 }).map((n) => n * 16),
      fps: fc.double({ min: 0.01, max: 120, noNaN: true }),
    }),
    login,
    fc.uniqueArray(fc.tuple(name, zone), { maxLength: 3, selector: ([one]) => one }),
  )
  .map(([one, who, zones]) => ({
    ...one,
    ...who,
    ...(zones.length > 0 && {
      zones: zones.map(([name, polygon]) => ({ name, polygon: polygon as [number, number][] })),
      events: zones.map(([zone]) => ({ class: 'person', zone })),
    }),
  }))
const draftOf = fc.record(
  {
    device: name,
    stateDir: oneLine.map((text) => `/var/lib/${text}`),
    cameras: fc.uniqueArray(cameraOf, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
    broker: fc.tuple(fc.constantFrom('mqtt://b:1', 'mqtts://b.local'), login).map(([url, who]) => ({ url, ...who })),
    archive: fc.record({ maxMegabytes: fc.integer({ min: 1, max: 1e6 }), maxDays: fc.integer({ min: 1, max: 9999 }) }),
  },
  { requiredKeys: ['cameras'] },
)

const restOf = (source: string) => parseAddress(formatAddress(parseAddress(source))).rest

t.test('every file that it writes passes check-config', async (t) => {
  const dir = t.testdir()
  let runs = 0
  fc.assert(
    fc.property(draftOf, (draft: Draft) => {
      const folder = join(dir, String(runs++))
      mkdirSync(folder)
      const file = join(folder, 'config.yaml')
      const { text, secrets } = textOf(draft, file, folder)
      for (const one of [...secrets, { file, text }]) writeFileSync(one.file, one.text)
      const config = loadConfig(file)
      fit(config)
      for (const [i, { source, username, password, zones }] of draft.cameras.entries()) {
        const read = parseAddress(config.cameras[i]!.source)
        if (read.username !== username || read.password !== password || read.rest !== restOf(source))
          throw new Error(`${JSON.stringify(read)} is not ${username}:${password}`)
        if (JSON.stringify(config.cameras[i]!.zones) !== JSON.stringify(zones)) throw new Error('other zones')
      }
      const { username, password } = draft.broker ?? {}
      if (config.mqtt.username !== username || config.mqtt.password !== password) throw new Error('another login')
      if (/\n.*password: /.test(text.replaceAll(/#.*/g, ''))) throw new Error('a password in the configuration')
    }),
    { numRuns: 50 },
  )
  t.equal(runs, 50)
})

t.test('what is tried before is what is written after', async (t) => {
  const draft: Draft = {
    cameras: [{ ...camera, username: `a${HOME}`, password: `p@${HOME}` }],
    broker: { url: 'mqtt://b', username: 'u', password: HOME },
  }
  for (const config of [loaded(draft), reread(draft, '/etc/x.yaml')]) {
    t.equal(
      config.cameras[0]!.source,
      formatAddress({ ...parseAddress(camera.source), username: `a${HOME}`, password: `p@${HOME}` }),
    )
    t.match(config.mqtt, { url: 'mqtt://b', username: 'u', password: HOME })
  }
  t.throws(
    () => reread({ cameras: [{ ...camera, source: 'ftp://x/' }] }, '/etc/x.yaml'),
    /^\/etc\/x\.yaml:\d+: .*expected rtsp/,
  )
})
