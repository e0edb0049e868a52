import t from 'tap'
import { asFailure } from '../../client/failure.js'
import * as bundle from '../../contract/bundle.js'
import { BundleError } from '../../contract/bundle-error.js'

t.test('one class, whichever file it is taken from; to a verb it is a bad input', async (t) => {
  t.equal(bundle.BundleError, BundleError)
  const cause = new Error('ENOENT')
  const error = new BundleError('missing', 'tiny/manifest.json: cannot be read', { cause })
  t.match(error, { name: 'BundleError', code: 'missing', recoverable: false, cause })
  t.match(asFailure(error), { code: 'input', message: 'tiny/manifest.json: cannot be read' })
})
