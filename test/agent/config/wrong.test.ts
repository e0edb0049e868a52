import t from 'tap'
import { ConfigError } from '../../../agent/config/wrong.js'

t.test('a line each, once, in the order of the file; no password', async (t) => {
  const { message, wrongs, exitCode, code } = new ConfigError([
    { line: undefined, text: 'of no line' },
    { line: 10, text: 'f:10: b' },
    { line: 9, text: 'f:9: rtsp://user:hidden@host/a' },
    { line: 10, text: 'f:10: b' },
  ])
  t.match(message, /^f:9: .*\nf:10: b\nof no line$/)
  t.notMatch(message, 'hidden')
  t.equal(wrongs.length, 3)
  t.match({ exitCode, code }, { exitCode: 78, code: 'config' })
})
