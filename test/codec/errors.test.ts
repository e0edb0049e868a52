import t from 'tap'
import { CodecError } from '../../codec/index.js'

t.test('is an Error with a name, a literal code and no hope', async (t) => {
  const error = new CodecError('payload', 'why and what to do')
  t.ok(error instanceof Error)
  t.match(error, { name: 'CodecError', code: 'payload', recoverable: false, message: 'why and what to do' })
  t.match(String(error), 'CodecError: why and what to do')
})
