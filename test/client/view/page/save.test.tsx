import t from 'tap'
import { saveMp4, savePng, sayMp4 } from '../../../../client/view/page/save.js'
import { openDom } from './dom.js'
import { filmOf } from './film-of.js'

t.test('a picture goes to a file of its name', async (t) => {
  const { does } = await openDom(t)
  const links: string[] = []
  const { createElement } = document
  document.createElement = ((name: string) => {
    const link = createElement.call(document, name) as HTMLAnchorElement
    link.click = () => void links.push(`${link.getAttribute('download')} ${link.getAttribute('href')}`)
    return link
  }) as typeof createElement
  const { setTimeout } = globalThis
  t.teardown(() => {
    globalThis.setTimeout = setTimeout
  })
  // It is let go a minute later.
  globalThis.setTimeout = ((work: () => void, ms?: number) =>
    setTimeout(work, ms === 60_000 ? 0 : ms)) as typeof setTimeout
  const canvas = { toBlob: (take: (blob: Blob) => void) => take(new Blob(['x'])) } as unknown as HTMLCanvasElement
  await does(async () => t.equal(await savePng(canvas, 'street-1'), 'Saved street-1.png'))
  t.match(links, [/^street-1\.png blob:/])
})

t.test('where a browser makes no video, why', async (t) => {
  await openDom(t)
  const save = () => saveMp4(filmOf(1, 2), undefined as never, () => {}).catch(sayMp4)
  t.match(await save(), /^No video: this browser has no WebCodecs\. `blindsight decode --mp4`/)
  Object.assign(globalThis, { isSecureContext: false })
  t.match(await save(), /only on https:\/\/ pages and on 127\.0\.0\.1/)
})
