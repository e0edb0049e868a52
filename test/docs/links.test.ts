/** Every relative link of every page leads to something that is there, also its #part. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { pages, readPage, root } from './pages.js'

const all = new Map(pages().map((page) => [page.file, page]))
const elsewhere = /^[a-z]+:/

t.test('links', async (t) => {
  for (const { file, links } of all.values()) t.strictSame(broken(file, links), [], file)
})

t.test('no page of docs/ is left out: each can be reached from docs/README.md', async (t) => {
  const reached = new Set<string>()
  const follow = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { href } of all.get(file)?.links ?? [])
      if (!elsewhere.test(href)) follow(target(file, href.split('#')[0]!))
  }
  follow('docs/README.md')
  t.strictSame(
    [...all.keys()].filter((file) => file.startsWith('docs/') && !reached.has(file)),
    [],
  )
})

t.test('what is no page and no part of one is found', async (t) => {
  const { links, anchors } = readPage(
    'docs/x.md',
    '# A `b` c\n\n[1](README.md) [2](none.md) [3](README.md#none) ![4](images/none.png) [5](https://x)\n',
  )
  t.ok(anchors.has('a-b-c'))
  t.strictSame(broken('docs/x.md', links).length, 3)
})

function broken(file: string, links: readonly { at: string; href: string }[]): string[] {
  return links.flatMap(({ at, href }) => {
    if (elsewhere.test(href)) return []
    const [path, part] = href.split('#') as [string, string?]
    const to = target(file, path)
    if (to.startsWith('..') || !existsSync(join(root, to))) return [`${at}: ${href} is not there`]
    if (part === undefined || !to.endsWith('.md')) return []
    if (statSync(join(root, to)).isDirectory()) return []
    return all.get(to)?.anchors.has(part) ? [] : [`${at}: ${href} is no part of that page`]
  })
}

function target(file: string, path: string): string {
  return path ? normalize(join(dirname(file), path)) : file
}
