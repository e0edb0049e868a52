/** /usr/share/doc/blindsight: the pages a box's owner reads, laid as in the repository, so that their links hold. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'

/** Files, and folders with all that is in them; what was measured, `docs/results`, stays in the repository. */
const SHIPPED = [
  'README.md',
  'CHANGELOG.md',
  'docs',
  'codec/FORMAT.md',
  'config/example.yaml',
  'config/collect.env',
  'config/mosquitto.acl',
  'config/demo/ATTRIBUTION.md',
]

/** @returns by path below the folder; of a link to what is not shipped its words alone are left */
export async function documents(): Promise<Map<string, Uint8Array>> {
  const root = packageRoot()
  const found = new Map<string, Uint8Array>()
  for (const shipped of SHIPPED)
    for (const path of await filesOf(root, shipped))
      if (!path.startsWith('docs/results/')) found.set(path, await readFile(join(root, path)))
  const there = new Set([...found.keys()].flatMap((path) => [path, ...parents(path)]))
  for (const [path, bytes] of found)
    if (path.endsWith('.md')) found.set(path, Buffer.from(linksThatHold(path, Buffer.from(bytes).toString(), there)))
  return found
}

async function filesOf(root: string, path: string): Promise<string[]> {
  if (!(await stat(join(root, path))).isDirectory()) return [path]
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => relative(root, join(parentPath, name)))
}

const parents = (path: string): string[] => (path.includes('/') ? [dirname(path), ...parents(dirname(path))] : [])

/** Inline links are the only kind that our pages have (test/packaging/deb/documents.test.ts). */
function linksThatHold(path: string, text: string, there: ReadonlySet<string>): string {
  return text.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, words: string, href: string) => {
    const to = href.split('#')[0]!
    return /^[a-z]+:/.test(href) || !to || there.has(normalize(join(dirname(path), to)).replace(/\/$/, ''))
      ? whole
      : words
  })
}
