/** /usr/share/doc/blindsight: the pages a box's owner reads, laid as in the repository, so that their links hold. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
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
  for (const each of SHIPPED) {
    const below = each.includes('.') ? [''] : await readdir(join(root, each), { recursive: true, withFileTypes: true })
    for (const entry of below) {
      if (typeof entry !== 'string' && !entry.isFile()) continue
      const path = typeof entry === 'string' ? each : join(entry.parentPath, entry.name).slice(root.length + 1)
      if (!path.startsWith('docs/results/')) found.set(path, await readFile(join(root, path)))
    }
  }
  const there = new Set([...found.keys()].flatMap((path) => [path, ...parents(path)]))
  for (const [path, bytes] of found)
    if (path.endsWith('.md')) found.set(path, Buffer.from(linksThatHold(path, Buffer.from(bytes).toString(), there)))
  return found
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
