/** `init`, typed at a terminal and with --yes: real RTSP, real files. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../agent/config/load.js'
import { startRtspServer } from '../field/rtsp-server.js'
import { blindsight } from './program.js'
import { clip } from './setting.js'
import { CTRL_C, DOWN, ENTER, Terminal } from './terminal.js'

t.test('questions at a terminal: a camera that wants a password, a zone, a broker inside', async (t) => {
  const dir = t.testdir()
  const out = join(dir, 'box.yaml')
  const login = { user: 'admin', password: 'pa/ss#1@x', scheme: 'digest' } as const
  const server = await startRtspServer({ login, fps: 10, size: '320x240' })
  t.teardown(() => server.close())
  const address = `rtsp://127.0.0.1:${server.port}/stream`
  const box = Terminal.start(['init', '--out', out, '--state-dir', join(dir, 'state')])
  await box.answer('Where should the configuration go?')
  await box.answer('What is this box called', `gate-box${ENTER}`)
  await box.answer('Its address', `rtsp://admin:wrong@127.0.0.1:${server.port}/stream${ENTER}`)
  await box.shows(`Looking at ${address}`)
  await box.shows('refuses the user name or password (401')
  await box.answer('write user name and password')
  await box.answer('User name')
  await box.answer('Password', `${login.password}${ENTER}`)
  await box.shows('Pictures come: H.264, 320x240')
  await box.answer('Its name', `gate${ENTER}`)
  await box.answer('Which size should the networks see?')
  await box.answer('Frames a second', ENTER)
  await box.answer('What should be told when it comes and goes?')
  await box.answer('Where?', `${DOWN}${ENTER}`)
  await box.answer('Where else?')
  await box.answer('Another camera?')
  await box.answer('Where should results go?')
  await box.answer('Archive, in GB at most', `2${ENTER}`)
  await box.answer('And in days at most')
  await box.shows(`written: ${out}`)
  await box.shows('camera gate')
  await box.shows('next: ')
  t.equal(await box.ended(), 0, box.seen)
  t.notOk(box.seen.includes('pa/ss'), 'never on the screen')
  const text = readFileSync(out, 'utf8')
  t.match(text, /^ {4}source: rtsp:\/\/127\.0\.0\.1:\d+\/stream$/m)
  t.match(text, /^ {4}passwordFile: .*camera-gate-password$/m)
  t.match(text, /^ {4}#fit: crop$/m)
  t.match(text, /^ {4}width: 384$/m)
  t.match(text, /^ {4}height: 288$/m)
  t.match(text, /^ {2}maxMegabytes: 2000$/m)
  t.notMatch(text, /pa\/ss|wrong/)
  const password = join(dir, 'camera-gate-password')
  t.equal(readFileSync(password, 'utf8').trim(), login.password)
  for (const file of [out, password]) t.equal(statSync(file).mode & 0o777, 0o640, file)
  t.match(loadConfig(out).cameras[0], { id: 'gate', zones: [{ name: 'left' }] })
})

t.test('Ctrl-C leaves nothing behind; at a terminal that does not know its size', async (t) => {
  const dir = t.testdir()
  const box = Terminal.start(['init', '--out', join(dir, 'etc', 'box.yaml')], {}, { cols: 0, rows: 0 })
  await box.answer('Where should the configuration go?')
  await box.answer('What is this box called', CTRL_C)
  await box.shows('nothing was written')
  t.equal(await box.ended(), 130)
  t.strictSame(readdirSync(dir), [])
})

t.test('--yes: a file, its size and rate, and no terminal needed', async (t) => {
  const dir = t.testdir()
  const out = join(dir, 'box.yaml')
  const {
    code,
    out: said,
    err,
  } = await blindsight([
    ...['init', '--yes', '--no-doctor', '--camera', `street=${clip}`, '--out', out, '--state-dir', join(dir, 'state')],
  ])
  t.equal(code, 0, err)
  t.match(said, /^next: npx blindsight run --config /m)
  t.match(readFileSync(out, 'utf8'), /^ {2}- id: street$/m)
  const noTerminal = await blindsight(['init', '--out', out])
  t.equal(noTerminal.code, 2)
  t.match(noTerminal.err, /no terminal; --yes/)
  const dumb = Terminal.start(['init', '--out', out], { TERM: 'dumb' })
  await dumb.shows('no terminal that can show them (TERM=dumb); --yes')
  t.equal(await dumb.ended(), 2)
})
