import t from 'tap'
import { Failure } from '../../../../client/failure.js'
import { faultOf } from '../../../../client/view/api/faults.js'
import { BadQuery } from '../../../../client/view/api/query.js'
import { TooBusy } from '../../../../client/view/api/turns.js'
import { BundleError } from '../../../../contract/bundle-error.js'

t.test('each failure has its status, and what nobody foresaw tells nothing', async (t) => {
  const cases: [unknown, number, RegExp][] = [
    [new BadQuery('dev is missing'), 400, /dev is missing/],
    [new TooBusy('later'), 503, /later/],
    [new BundleError('missing', 'decoder.onnx: cannot be read'), 500, /cannot be read/],
    [new Failure('input', 'no bundle 0123'), 404, /no bundle/],
    [new Failure('answer', 'the box answered evicted, get'), 404, /evicted/],
    [new Failure('answer', 'the box answered bad_request, events: zone: nothing here is named x'), 404, /named x/],
    [new Failure('answer', 'the box answered bad_request, events: limit: too large'), 504, /limit/],
    [new Failure('answer', 'box gate-1 is away'), 504, /away/],
    [new Failure('usage', 'several boxes'), 400, /several/],
    [Object.assign(new Error('too large'), { statusCode: 413 }), 413, /too large/],
    [new TypeError("Cannot read '/etc/secret'"), 500, /went wrong in the viewing server/],
  ]
  for (const [error, status, text] of cases) {
    const fault = faultOf(error)
    t.equal(fault.status, status, String(error))
    t.match(fault.text, text)
    t.notMatch(fault.text, /secret| at /)
  }
})
