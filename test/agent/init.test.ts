/** The whole of `init` but the terminal: test/e2e/init.test.ts has that. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../agent/config/load.js'
import { byDefaults, init, interview, write } from '../../agent/init.js'
import { box, camera, Scripted } from './init/scripted.js'

const flags = { yes: true, doctor: false, camera: [] as string[] }

t.test('questions in their order make a file that is right', async (t) => {
  const out = join(t.testdir(), 'etc', 'box.yaml')
  const ask = new Scripted([
    ['Where should the configuration go?', undefined],
    ['What is this box called', 'gate-box'],
    ['Its address', 'rtsp://u:p@host.local/a'],
    ['Its name', 'gate'],
    ['Which size', '624x352'],
    ['Frames a second', '5'],
    ['What should be told', undefined],
    ['Where?', 'upper half'],
    ['Where else?', undefined],
    ['Another camera?', false],
    ['Where should results go?', 'to an MQTT broker'],
    ['Its address', 'mqtt://broker.local'],
    ['Archive, in GB', undefined],
    ['And in days', undefined],
  ])
  const made = await interview(ask, box(), { out, force: false, cameras: [], stateDir: join(t.testdir(), 'state') })
  t.equal(ask.left, 0)
  t.notOk(existsSync(out), 'nothing is written before the last answer')
  await write(made)
  t.match(loadConfig(out), {
    device: 'gate-box',
    cameras: [{ id: 'gate', source: 'rtsp://u:p@host.local/a', width: 624, fps: 5, zones: [{ name: 'upper' }] }],
    mqtt: { url: 'mqtt://broker.local' },
    archive: { maxMegabytes: 4000, maxDays: 30 },
  })
})

t.test('what the agent would not take is not written', async (t) => {
  const out = join(t.testdir(), 'box.yaml')
  await t.rejects(write({ out, draft: { cameras: [{ ...camera, width: 100 }] } }), /box\.yaml:\d+: .*multiples of 16/)
  await t.rejects(write({ out, draft: { cameras: [{ ...camera, events: [{ class: 'ghost' }] }] } }), /knows no ghost/)
  t.notOk(existsSync(out))
})

t.test('--yes: the devices that are there, or what is named', async (t) => {
  const out = join(t.testdir(), 'box.yaml')
  const given = { out, force: false, cameras: [], stateDir: undefined }
  const devices = async () => [
    { path: '/dev/video0', name: 'Webcam', formats: [] },
    { path: '/dev/video2', name: 'Webcam', formats: [] },
  ]
  const { draft } = await byDefaults(box({ devices }), given)
  t.match(draft.cameras, [
    { id: 'webcam', source: '/dev/video0', fps: 10 },
    { id: 'webcam-2', source: '/dev/video2' },
  ])
  const named = await byDefaults(box({ devices }), {
    ...given,
    cameras: [{ source: 'rtsp://a.local/', called: 'gate' }],
  })
  t.match(named.draft.cameras, [{ id: 'gate' }])
  t.equal(named.draft.cameras.length, 1)
  await t.rejects(byDefaults(box(), given), { exitCode: 2, message: /no camera.*--camera rtsp:/ })
})

t.test('on the command line: over another file only with --force, and what is wrong is said', async (t) => {
  const out = join(t.testdir(), 'box.yaml')
  writeFileSync(out, 'mine')
  const street = `street=${join(process.cwd(), 'config', 'demo', 'street.mp4')}`
  const log = t.capture(console, 'log')
  await t.rejects(init({ ...flags, camera: [street], out }), { exitCode: 3, message: /is there already; .*--force/ })
  await init({
    ...flags,
    camera: [street],
    out,
    force: true,
    stateDir: '/var/lib/x',
    device: 'box',
    broker: 'mqtt://u:p@b',
  })
  t.equal(readFileSync(`${out}.bak`, 'utf8'), 'mine')
  t.match(loadConfig(out), { device: 'box', stateDir: '/var/lib/x', mqtt: { username: 'u', password: 'p' } })
  t.match(
    log()
      .flatMap(({ args }) => args)
      .join(),
    /written: .*next: .* run --config/s,
  )
  const other = `${out}.2`
  for (const [more, says] of [
    [{ camera: ['/no/such.mp4'] }, /--camera: .*no such file/],
    [{ camera: [`Gate=${street}`] }, /--camera: "Gate": a camera's name has 1 to 64 of a-z 0-9 _ -, like gate=rtsp:/],
    [
      { camera: ['front door=rtsp://u:secret@c/1'] },
      /^--camera: "front door": (?!.*secret).*name has .* like front-door=rtsp/,
    ],
    [{ camera: ['=rtsp://c/1'] }, /--camera: "": a camera's name/],
    [{ camera: ['u:secret@c/1?a=b'] }, /--camera: …@c\/1\?…: no such file/],
    [{ camera: ['rtsp://a:secret@c/d@e/f'] }, /--camera: rtsp:\/\/e\/f: .*two ways/],
    [{ camera: [street], broker: 'http://b' }, /--broker: expected mqtt/],
    [{ camera: [street], device: 'My Box' }, /device: use 1 to 64/],
    [{ camera: ['ftp://host/x'] }, /expected rtsp/],
  ] as const)
    await t.rejects(init({ ...flags, out: other, ...more }), says)
  t.notOk(existsSync(other))
})
