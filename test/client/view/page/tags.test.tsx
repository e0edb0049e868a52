import t from 'tap'
import { Tags } from '../../../../client/view/page/tags.js'
import { openDom } from './dom.js'

t.test('what is there, each with how sure that is', async (t) => {
  const { show, one, all } = await openDom(t)
  const tags = [
    { id: 'person', label: 'person', p: 0.914, there: true },
    { id: 'dog', label: 'dog', p: 0.4, there: false },
    { id: 'car', label: 'car', p: 0.5, there: true },
  ]
  await show(<Tags about="What is seen" tags={tags} />)
  t.equal(one('ul').getAttribute('aria-label'), 'What is seen')
  t.strictSame(
    all('li').map(({ textContent }) => textContent),
    ['person 91 %', 'car 50 %'],
  )
  await show(<Tags about="What is seen" tags={undefined} />)
  t.strictSame(all('li'), [])
})
