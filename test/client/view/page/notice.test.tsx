import t from 'tap'
import { openDom } from './dom.js'

t.test('what is wrong with the connection is said, and when it is well, nothing', async (t) => {
  const { show, does, one, all } = await openDom(t)
  const { Notice } = await import('../../../../client/view/page/notice.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  await show(<Notice fault={undefined} />)
  t.equal(one('[role=status]').textContent, '')
  await does(() => feed.hear({ kind: 'notice', text: 'The broker is away.' }))
  t.equal(one('.notice').textContent, 'The broker is away.')
  await does(() => feed.hear({ kind: 'notice', text: undefined }))
  t.strictSame(all('.notice'), [])
  await show(<Notice fault="the page itself is ill" />)
  t.equal(one('.notice').textContent, 'the page itself is ill')
})
