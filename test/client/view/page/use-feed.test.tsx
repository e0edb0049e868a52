import t from 'tap'
import { openDom } from './dom.js'

t.test('what comes at once is drawn once, and whoever is gone is told no more', async (t) => {
  const { show, does } = await openDom(t)
  const { feed } = await import('../../../../client/view/page/shared.js')
  const { useFeed } = await import('../../../../client/view/page/use-feed.js')
  let drawn = 0
  function Watcher() {
    useFeed()
    drawn++
    return null
  }
  await show(<Watcher />)
  t.equal(drawn, 1)
  await does(() => {
    for (let i = 0; i < 20; i++) feed.hear({ kind: 'notice', text: `${i}` })
  })
  t.equal(drawn, 2)
  await show(null)
  await does(() => feed.hear({ kind: 'notice', text: undefined }))
  t.equal(drawn, 2)
})
