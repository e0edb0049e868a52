import t from 'tap'
import { storedEvent } from '../memory.js'
import { openDom } from './dom.js'

t.test('who comes and who goes is told to screen readers; what only goes on is not', async (t) => {
  const { show, does, one } = await openDom(t)
  const { Announcer } = await import('../../../../client/view/page/announcer.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  await show(<Announcer utc={true} />)
  const said = one('[aria-live=polite]')
  const hear = (phase: 'start' | 'update' | 'end') =>
    does(() => feed.hear({ kind: 'event', event: storedEvent('said', { phase }) }))
  await hear('start')
  t.match(said.textContent, /^street: person enters · yard.*, 08:00:00$/)
  const before = said.textContent
  await hear('update')
  t.equal(said.textContent, before)
  await hear('end')
  t.match(said.textContent, /^street: person is gone.*, 08:00:12$/)
})
