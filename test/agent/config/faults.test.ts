/** What people write, and the line that they get: where, what is wrong, what to write instead. */
import t from 'tap'
import { parseConfig } from '../../../agent/config/load.js'

const camera = 'cameras:\n  - id: a\n    source: x.mp4\n'

function faults(text: string): string {
  try {
    parseConfig(text, 'box.yaml')
  } catch (error) {
    t.match(error, { name: 'AgentError', exitCode: 78 })
    return (error as Error).message
  }
  return ''
}

const cases: [string, string, RegExp][] = [
  ['an empty file', '', /^box\.yaml:1: .*empty.*example\.yaml/],
  ['comments only', '# cameras:\n', /empty/],
  ['a list', '- cameras\n', /not a list/],
  ['a word', 'cameras\n', /not text/],
  ['cameras without any', 'cameras:\n', /^box\.yaml:1: cameras: has nothing below it/],
  ['an empty list of cameras', 'cameras: []\n', /cameras: is empty/],
  ['cameras as a map', 'cameras:\n  street:\n    source: x.mp4\n', /cameras: .*list.*"- "/],
  ['an entry that is empty', 'cameras:\n  -\n', /^box\.yaml:2: cameras\.0: has nothing below it/],
  ['a section without keys', `${camera}mqtt:\n`, /^box\.yaml:4: mqtt: has nothing below it; .*take the line out/],
  ['a section that is ~', `${camera}archive: ~\n`, /^box\.yaml:4: archive: has nothing below it/],
  ['a section that is a word', `${camera}mqtt: localhost\n`, /mqtt: .*group of keys.*not text/],
  ['~ as a text', `${camera}mqtt:\n  url: ~\n`, /^box\.yaml:5: mqtt\.url: has no value; .*take the line out/],
  ['an empty text', `${camera}bundle: ""\n`, /^box\.yaml:4: bundle: is empty/],
  ['a password that begins with #', `${camera}mqtt:\n  password: #x\n`, /^box\.yaml:5: .*# in quotes/],
  ['a number as a user name', `${camera}mqtt:\n  username: 007\n`, /username: .*put it in quotes: "007"/],
  ['a number as an id', 'cameras:\n  - id: 1\n    source: x\n', /id: .*put it in quotes: "1"/],
  ['true as a device', `${camera}device: true\n`, /device: .*quotes: "true"/],
  ['1e3 as a device', `${camera}device: 1e3\n`, /device: .*quotes: "1e3"/],
  ['a text as a number', `${camera}    fps: "10"\n`, /fps: .*write 10, without quotes/],
  ['a decimal comma', `${camera}    fps: 12,5\n`, /fps: .*write 12\.5/],
  ['a unit', `${camera}archive: {maxMegabytes: 4GB}\n`, /maxMegabytes: .*digits alone/],
  ['thousands', `${camera}archive: {maxMegabytes: 4_096}\n`, /write 4096/],
  ['yes', `${camera}    loop: yes\n`, /loop: write true/],
  ['off', `${camera}    loop: off\n`, /loop: write false/],
  ['a word as a list', `${camera}    heads: classify\n`, /heads: .*list.*\[a, b\]/],
  ['a word of several', `${camera}    publish: on-change\n`, /publish: write every, on_change, events or \{every/],
  ['a wrong key of a group that may be a word', `${camera}    publish: {every: 5}\n`, /unknown key .*publish\.every'/],
  ['a head that is none', `${camera}    heads: [clasify]\n`, /heads\.0: .*\(classify\?\)/],
  ['part of a frame', `${camera}threads: 1.5\n`, /threads: 1\.5 is no whole number/],
  ['a number without end', `${camera}healthSeconds: .inf\n`, /healthSeconds: Infinity/],
  ['a number that overflows a timer', `${camera}healthSeconds: 3000000\n`, /3000000 is too large; .* from 1 to 86400/],
  ['a text of two lines', `${camera}bundle: |\n  a\n  b\n`, /bundle: .*line break/],
  ['a key of __proto__', `${camera}__proto__: {a: 1}\n`, /unknown key '__proto__'/],
  [
    'a threshold below which what is there is gone',
    `${camera}    thresholds:\n      person: {enter: 0.4, leave: 0.6}\n`,
    /^box\.yaml:5: cameras\.0\.thresholds\.person\.leave: 0\.6 is above enter, 0\.4: .*write at most that/,
  ],
  [
    'a threshold that is no probability',
    `${camera}    thresholds:\n      person: {enter: 60, leave: 0.4}\n`,
    /^box\.yaml:5: cameras\.0\.thresholds\.person\.enter: 60 is too large; write a number from 0 to 1$/,
  ],
  [
    'an unknown key of a threshold',
    `${camera}    thresholds: {person: {enter: 0.6, leaves: 0.4}}\n`,
    /unknown key 'cameras\.0\.thresholds\.person\.leaves'; did you mean 'leave'\?/,
  ],
  ['thresholds without any', `${camera}    thresholds:\n`, /thresholds: has nothing below it; indent its keys/],
  ['a number as a key', `${camera}1: x\n`, /unknown key '1'/],
  [
    'a merged value',
    'cameras:\n  - &a {id: a, source: x}\n  - {<<: *a, id: b, fps: 500}\n',
    /^box\.yaml:3: cameras\.1\.fps/,
  ],
]
for (const [name, text, line] of cases) t.test(name, async (t) => void t.match(faults(text), line))

t.test('a secret is never repeated', async (t) => {
  for (const value of ['1234567', 'true', '[a1234567]', '"x\\n1234567"', '*a1234567', '!a1234567'])
    for (const key of ['password', 'url', 'passwordFile'])
      t.notMatch(faults(`${camera}mqtt:\n  ${key}: ${value}\n`), '1234567', `${key}: ${value}`)
})

t.test('nor where a slip made a key of it', async (t) => {
  const slips: [string, RegExp][] = [
    [
      '{id: a, source: x.mp4, password:Geheim}',
      /^box\.yaml:2: unknown key 'cameras\.0\.password…'; a blank is missing/,
    ],
    ['{id: a, source: x.mp4, pasword:Geheim: 1}', /'cameras\.0\.pasword…'; a blank/],
    ['{id: a, source: x.mp4, password=Geheim}', /'cameras\.0\.password…'; .*'password'/],
    ['{id: a, source: x.mp4, password: x,Geheim}', /unknown key without a value; .*comma.*quotes/],
    ['{id: a, source: x.mp4, password: x,Geheim:y}', /unknown key without a value; a blank/],
    ['{id: a, source: x.mp4, password: x,Geheim y}', /unknown key without a value; .*comma/],
    ['{id: a, source: x.mp4, password: x,/Geheim: 1}', /unknown key 'cameras\.0\.…'/],
    [
      '{id: a, source: "rtsp://u:Geheim@cam/1", transport: "rtsp://u:Geheim@cam/1"}',
      /transport: not possible: rtsp:\/\/cam/,
    ],
  ]
  for (const [entry, line] of slips) {
    t.match(faults(`cameras:\n  - ${entry}\n`), line, entry)
    t.notMatch(faults(`cameras:\n  - ${entry}\n`), 'Geheim', entry)
  }
})

t.test('a # that cuts a value off, and one that is a comment', async (t) => {
  const cut = [
    ['source', 'rtsp://admin:p@ss #word@127.0.0.1/x'],
    ['source', 'rtsp://127.0.0.1/x #1'],
    ['source', 'rtsp://admin:p # word@127.0.0.1/x'],
    ['source', '"rtsp://127.0.0.1/x" #1'],
    ['username', 'ad #min'],
    ['password', 'Ge #heim'],
    ['password', 'Ge #'],
    ['password', 'Ge # he@im'],
  ]
  for (const [key, value] of cut) {
    const text = `cameras:\n  - id: a\n    ${key}: ${value}\n${key === 'source' ? '' : '    source: rtsp://cam/1\n'}`
    t.match(faults(text), new RegExp(`^box\\.yaml:3: cameras\\.0\\.${key}: .*quotes`), value)
  }
  for (const [key, value] of [
    ['url', 'mqtt://user:12 #34@broker'],
    ['password', 'Ge #heim'],
    ['username', 'u #x'],
  ])
    t.match(faults(`${camera}mqtt:\n  ${key}: ${value}\n`), new RegExp(`^box\\.yaml:5: mqtt\\.${key}: .*quotes`), value)
  const right =
    'cameras:\n  - id: a\n    source: rtsp://cam/1 # the gate\n    username: u\t#\tnot rtsp://u:p@…\n    password: "p #1" # mine\n'
  t.equal(faults(`${right}mqtt: # a@b\n  url: mqtt://b # here\n  # box@b\n  password: x#y\n  #z@b\n`), '')
  t.equal(faults('cameras:\n  - {id: a, username: u, password: p, source: rtsp://cam/1} #x@y\n'), '')
})

t.test('where to listen', async (t) => {
  for (const host of ['not a host', '127.0.0.1:9100', '  ', '[::1]', '300.1.1.1', '1', '-a', 'a..b', 'http://a', 'a/b'])
    t.match(faults(`${camera}http:\n  port: 1\n  host: "${host}"\n`), /^box\.yaml:6: http\.host: .*127\.0\.0\.1/, host)
  for (const host of ['127.0.0.1', '::', '::1', 'fe80::1%eth0', 'localhost', 'box-1.local', 'a1', '1a.b_c.'])
    t.equal(faults(`${camera}http:\n  port: 1\n  host: "${host}"\n`), '', host)
})

t.test('one line a key: of several things wrong with a value, the first', async (t) => {
  t.equal(faults(`${camera}threads: 1e308\n`).split('\n').length, 1)
})
