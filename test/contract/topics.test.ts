import t from 'tap'
import { resultFilters, Topics } from '../../contract/topics.js'

t.test('as documented in docs/reference/messages.md', async (t) => {
  const topics = new Topics('site/a', 'gate-1')
  t.equal(topics.state(), 'site/a/v1/gate-1/state')
  t.equal(topics.camState('street'), 'site/a/v1/gate-1/cam/street/state')
  t.equal(topics.result('cls', 'street'), 'site/a/v1/gate-1/cam/street/cls')
  t.equal(topics.result('evt', 'street', true), 'site/a/v1/gate-1/hist/street/evt')
  t.equal(topics.camNow('street'), 'site/a/v1/gate-1/cam/street/now')
  t.equal(topics.result('bits', 'street'), 'site/a/v1/gate-1/bits/street', 'media on a branch of its own')
  t.equal(topics.result('bits', 'street', true), 'site/a/v1/gate-1/hist/street/bits')
  t.equal(topics.request('get'), 'site/a/v1/gate-1/req/get')
  t.equal(topics.response('get'), 'site/a/v1/gate-1/res/get')
})

t.test('filters match live and late topics of every device', async (t) => {
  t.strictSame(resultFilters('blindsight', '+', ['cls', 'bits']), [
    'blindsight/v1/+/cam/+/cls',
    'blindsight/v1/+/hist/+/cls',
    'blindsight/v1/+/bits/+',
    'blindsight/v1/+/hist/+/bits',
  ])
})
