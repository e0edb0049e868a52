import t from 'tap'
import { useKeys } from '../../../../client/view/page/use-keys.js'
import { openDom } from './dom.js'

t.test('keys are heard wherever the focus is, but where they mean something else', async (t) => {
  const { show, one, key, root } = await openDom(t)
  const heard: string[] = []
  function Player() {
    useKeys({ ArrowRight: () => heard.push('on'), ' ': () => heard.push('play') })
    return (
      <div>
        <p>text</p>
        <button type="button">Save</button>
        <input />
        <div role="listbox">
          <b>row</b>
        </div>
      </div>
    )
  }
  await show(<Player />)
  t.ok((await key(one('p'), 'ArrowRight')).defaultPrevented)
  t.notOk((await key(one('p'), 'x')).defaultPrevented)
  await key(one('p'), 'ArrowRight', { ctrlKey: true })
  for (const place of ['input', 'b']) await key(one(place), 'ArrowRight')
  // Space presses the button that has the focus; an arrow does nothing to it.
  await key(one('button'), ' ')
  await key(one('button'), 'ArrowRight')
  await key(root, ' ')
  t.strictSame(heard, ['on', 'on', 'play'])
  await show(null)
  await key(root, ' ')
  t.equal(heard.length, 3)
})
