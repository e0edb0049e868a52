import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { documents } from '../../../packaging/deb/documents.js'
import { readPage } from '../../docs/pages.js'

t.test('the pages of the package, and every link between them leads to something', async (t) => {
  const found = await documents()
  const paths = [...found.keys()]
  for (const path of ['README.md', 'CHANGELOG.md', 'docs/README.md', 'docs/images/decoded.png', 'codec/FORMAT.md'])
    t.ok(found.has(path), path)
  t.notOk(paths.some((path) => path.startsWith('docs/results/')))
  let links = 0
  for (const [path, bytes] of found) {
    if (!path.endsWith('.md')) continue
    for (const { at, href } of readPage(path, Buffer.from(bytes).toString()).links) {
      if (/^[a-z]+:/.test(href) || href.startsWith('#')) continue
      links++
      const to = normalize(join(dirname(path), href.split('#')[0]!)).replace(/\/$/, '')
      t.ok(
        paths.some((known) => known === to || known.startsWith(`${to}/`)),
        `${at}: ${href}`,
      )
    }
  }
  t.ok(links > 100)
  t.match(
    Buffer.from(found.get('README.md')!).toString(),
    '| CONTRIBUTING.md |',
    'what is not there is named without a link',
  )
})
