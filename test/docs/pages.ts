/** The repository's Markdown: links, anchors and code blocks, as markdown-it reads them and GitHub names headings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import GithubSlugger from 'github-slugger'
import MarkdownIt from 'markdown-it'

export const root = process.cwd()

export interface Block {
  /** `docs/get-started.md:12`. */
  readonly at: string
  readonly language: string
  readonly text: string
}

export interface Page {
  /** From the repository's root. */
  readonly file: string
  readonly links: readonly { readonly at: string; readonly href: string }[]
  /** What `#…` can name. */
  readonly anchors: ReadonlySet<string>
  readonly blocks: readonly Block[]
}

/** Made or installed, or not ours. */
const elsewhere = new Set(['node_modules', '.git', '.tap', '.venv', 'dist', 'var', 'shared', 'runs', '__pycache__'])

export function pages(folder = ''): Page[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return elsewhere.has(entry.name) ? [] : pages(path)
    return entry.isFile() && entry.name.endsWith('.md') ? [readPage(path)] : []
  })
}

const markdown = new MarkdownIt({ html: true })

export function readPage(file: string, text = readFileSync(join(root, file), 'utf8')): Page {
  const links: { at: string; href: string }[] = []
  const anchors = new Set<string>()
  const blocks: Block[] = []
  const slugger = new GithubSlugger()
  let line = 0
  const tokens = markdown.parse(text, {})
  for (const [i, token] of tokens.entries()) {
    // What stands in a table or list knows its line by what it stands in.
    if (token.map) line = token.map[0] + 1
    const at = `${file}:${line}`
    if (token.type === 'fence') blocks.push({ at, language: token.info.split(' ')[0]!, text: token.content })
    if (token.type === 'heading_open') anchors.add(slugger.slug(textOf(tokens[i + 1]!)))
    for (const each of [token, ...(token.children ?? [])]) {
      const href = each.attrGet('href') ?? each.attrGet('src')
      if (href) links.push({ at, href: decodeURI(String(href)) })
      for (const [, id] of each.type.startsWith('html_') ? each.content.matchAll(/\b(?:id|name)="([^"]+)"/g) : [])
        anchors.add(id!)
    }
  }
  return { file, links, anchors, blocks }
}

/** As a reader sees it: no marks, no addresses. */
const textOf = ({ children }: { children: { type: string; content: string }[] | null }): string =>
  (children ?? []).map(({ type, content }) => (/^(text|code_inline)$/.test(type) ? content : '')).join('')
