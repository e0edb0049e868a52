import t from 'tap'
import { checked, issueText } from '../../contract/issue.js'
import { NowMessage } from '../../contract/messages.js'

t.test('the first that is wrong, where and what', async (t) => {
  const now = { v: 1, ts: '2026-05-01T08:00:00Z', present: [] }
  t.strictSame(checked(NowMessage, now), now)
  t.throws(() => checked(NowMessage, { ...now, v: 2 }), /^v: |: v: /)
  t.throws(() => checked(NowMessage, { ...now, present: [{ class: 1 }] }), /present\.0\.class: /)
  t.throws(() => checked(NowMessage, 7), /payload: /)
  t.equal(issueText({ issues: [{ path: [], message: 'is none' }] }, 'request'), 'request: is none')
})
