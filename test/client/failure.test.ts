import t from 'tap'
import { asFailure, exitCodes, Failure, failureLine } from '../../client/failure.js'
import { BundleError } from '../../contract/bundle.js'

t.test('one line, whatever a peer put into it', (t) => {
  t.equal(failureLine(new Failure('answer', 'a\nb\x1b[2Jc')), 'blindsight: a b [2Jc')
  t.end()
})

t.test('errors of other layers get a code', (t) => {
  t.equal(exitCodes[asFailure(new BundleError('hash', 'damaged')).code], 3)
  t.equal(exitCodes[asFailure(new TypeError('x')).code], 1)
  const failure = new Failure('broker', 'x')
  t.equal(asFailure(failure), failure)
  t.end()
})
