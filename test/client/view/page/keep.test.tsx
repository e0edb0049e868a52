import t from 'tap'
import { openDom } from './dom.js'
import { filmOf } from './film-of.js'

t.test('picture, video, link: what came of each is said', async (t) => {
  const { show, click, all, text } = await openDom(t)
  const { Keep } = await import('../../../../client/view/page/keep.js')
  const did: string[] = []
  const canvas = { toBlob: (take: (blob: null) => void) => take(null) } as unknown as HTMLCanvasElement
  const props = {
    cam: 'street',
    picture: { current: canvas },
    pause: () => did.push('pause'),
    tell: () => did.push('tell'),
  }
  await show(<Keep {...props} shot={undefined} />)
  t.equal(all('[disabled]').length, 3)
  await show(<Keep {...props} shot={{ film: filmOf(1, 3), index: 1 }} />)
  await click('Save PNG')
  t.equal(text('.said'), 'This browser makes no PNG of the picture.')
  await click('Save MP4')
  t.match(text('.said'), /^No video: this browser has no WebCodecs\. `blindsight decode --mp4` makes one/)
  await click('Copy link')
  t.match(text('.said'), /link to this moment stands in the address bar/)
  t.strictSame(did, ['pause', 'tell'])
  Object.assign(navigator, { clipboard: { writeText: async (link: string) => did.push(link) } })
  await click('Copy link')
  t.match(text('.said'), /is in the clipboard/)
  t.match(did.at(-1), /^http:\/\/127\.0\.0\.1/)
  Object.assign(navigator, { clipboard: { writeText: () => Promise.reject(new Error('not allowed')) } })
  await click('Copy link')
  t.match(text('.said'), /stands in the address bar/)
})
