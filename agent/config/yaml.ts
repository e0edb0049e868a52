/** YAML text -> plain value, and where in the text each key stands; and a value as YAML. The only file that knows the yaml package. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
  visit,
  type YAMLError,
} from 'yaml'

export type Path = readonly PropertyKey[]

export interface Yaml {
  readonly value: unknown
  lineOf(path: Path): number
  /** A value as it was written, `007` and not 7; undefined where no scalar stands. */
  written(path: Path): string | undefined
  /** The comment on the value's line, without its #: after a blank that begins one, and cuts off what was meant to be text. */
  comment(path: Path): string | undefined
}

/** The parser takes long over more, and its stack ends; nobody writes a configuration like that. */
const MOST_CHARACTERS = 250_000
const MOST_DEEP = 50
const TOO_DEEP = 'nested too deeply to be a configuration'

export class YamlFault extends Error {
  constructor(
    readonly line: number,
    message: string,
    /** Others beside it, in the order of the text. */
    private readonly others: readonly YamlFault[] = [],
  ) {
    super(message)
  }

  get all(): readonly YamlFault[] {
    return [this, ...this.others]
  }
}

/** On one line, quoted where it has to be. */
export const writeYaml = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', blockQuote: false, lineWidth: 0, flowCollectionPadding: false }).trimEnd()

/** @throws {YamlFault} */
export function readYaml(text: string): Yaml {
  const lines = new LineCounter()
  const lineAt = (offset: number) => lines.linePos(offset).line
  checkSize(text)
  const document = parsed(text, lines)
  const [first, ...others] = independent([...document.errors, ...document.warnings]).map((fault) => {
    const at = fault.pos[0]
    return { line: lineAt(openedAt(document, fault) ?? at), message: inWords(fault, text.slice(at)) }
  })
  if (first)
    throw new YamlFault(
      first.line,
      first.message,
      others.map(({ line, message }) => new YamlFault(line, message)),
    )
  checkAliases(document, lineAt)
  const nodeOf = (path: Path) => {
    const node = path.length ? document.getIn(path, true) : document.contents
    return isNode(node) ? node : undefined
  }
  const place = (path: Path): number | undefined => {
    const parent = nodeOf(path.slice(0, -1))
    const pair = path.length && isMap(parent) && parent.items.find(({ key }) => nameOf(key) === String(path.at(-1)))
    const node = pair ? (pair.key as Node) : nodeOf(path)
    return node?.range?.[0]
  }
  return {
    value: plain(document),
    lineOf(path) {
      for (let n = path.length; n >= 0; n--) {
        const offset = place(path.slice(0, n))
        if (offset !== undefined) return lineAt(offset)
      }
      return 1
    },
    written(path) {
      const node = nodeOf(path)
      return isScalar(node) ? (node.source ?? String(node.value)) : undefined
    },
    comment(path) {
      const end = nodeOf(path)?.range?.[1]
      return end === undefined ? undefined : /^[ \t]*#(.*)/.exec(text.slice(end))?.[1]
    },
  }
}

function checkSize(text: string): void {
  if (text.length > MOST_CHARACTERS)
    throw new YamlFault(1, `longer than ${MOST_CHARACTERS / 1000} kB: no configuration is`)
  if (new RegExp(`(?:[-?:][ \\t]+){${MOST_DEEP}}`).test(text)) throw new YamlFault(1, TOO_DEEP)
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > MOST_DEEP) throw new YamlFault(1, TOO_DEEP)
  }
}

const nameOf = (key: unknown): string => String(isScalar(key) ? key.value : key)

function parsed(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: true, merge: true, prettyErrors: false, logLevel: 'error' })
  } catch (cause) {
    throw unfolded(cause)
  }
}

function plain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw unfolded(cause)
  }
}

function unfolded(cause: unknown): unknown {
  if (cause instanceof RangeError) return new YamlFault(1, TOO_DEEP)
  if (cause instanceof ReferenceError) return new YamlFault(1, 'its aliases (*name) repeat too much; write it out')
  const merged = (cause as Error).message.startsWith('Merge')
  return new YamlFault(1, merged ? 'a << takes the keys of an alias (<<: *name)' : 'no YAML that can be read')
}

function checkAliases(document: Document.Parsed, lineAt: (offset: number) => number): void {
  const anchors = new Set<string>()
  try {
    visit(document, {
      Node(_, node) {
        if (isAlias(node)) {
          if (anchors.has(node.source)) return
          const what = 'a * stands for an anchor (&name), and there is none of that name before it'
          throw new YamlFault(lineAt(node.range![0]), `${what}; if text is meant, put it in quotes`)
        }
        if (node.anchor) anchors.add(node.anchor)
      },
      Pair(_, { key }) {
        if (key === null || isScalar(key)) return
        throw new YamlFault(lineAt((key as Node).range?.[0] ?? 0), 'a key must be a plain word')
      },
    })
  } catch (cause) {
    if (cause instanceof YamlFault) throw cause
    throw unfolded(cause)
  }
}

/** Behind these the parser reads on as it was meant; behind any other what it finds may be no fault at all. */
const ALONE = ['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'BAD_DQ_ESCAPE']

function independent(faults: readonly YAMLError[]): YAMLError[] {
  const sorted = [...faults].sort((a, b) => a.pos[0] - b.pos[0])
  const last = sorted.findIndex(({ code }) => !ALONE.includes(code))
  return last < 0 ? sorted : sorted.slice(0, last + 1)
}

/** Where what is not closed begins: the parser says where it finds that out, lines further down. */
function openedAt(document: Document.Parsed, { message, pos }: YAMLError): number | undefined {
  if (!/end with a [\]}]|Missing closing/.test(message)) return undefined
  let opened: number | undefined
  visit(document, {
    Node(_, node) {
      const opens = isScalar(node) ? /^QUOTE/.test(node.type ?? '') : isCollection(node) && node.flow
      if (opens && node.range![0] < pos[0]) opened = node.range![0]
    },
  })
  return opened
}

/** Codes whose words are the parser's own. Those of the others repeat what is written, which may be a password. */
const FIXED = ['BAD_INDENT', 'BLOCK_IN_FLOW', 'MISSING_CHAR', 'MULTILINE_IMPLICIT_KEY']

/** What the parser found, with what to do about what people meet most. */
function inWords({ code, message }: YAMLError, rest: string): string {
  switch (code) {
    case 'DUPLICATE_KEY': {
      const key = /^([\w-]+)\s*:(?!\S)/.exec(rest)?.[1]
      return `${key ? `the key '${key}'` : 'a key'} stands here a second time; keep one of them`
    }
    case 'TAB_AS_INDENT':
      return 'a tab as indentation; use spaces'
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (---); a configuration is one document'
    case 'TAG_RESOLVE_FAILED':
      return 'a ! begins a tag (!secret, !include), and no such tag is known here; if text is meant, put it in quotes'
    case 'BAD_DQ_ESCAPE':
      return 'a \\ between double quotes begins a code, and this is none; if text is meant, put it in single quotes'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'two keys on one line; write the second in braces, {key: value}, or below; if text is meant, put it in single quotes'
    case 'UNEXPECTED_TOKEN':
      if (/^[|>]/.test(rest) || message.startsWith('Block scalar'))
        return 'a | or > begins a text on the lines below it; if it is a part of the text, put that in single quotes'
  }
  const said = FIXED.includes(code) ? message.split('\n')[0] : 'no YAML that can be read'
  return `${said}; if text is meant, put it in single quotes`
}

/** A text that stands behind a key, and what it stands in. */
export interface Place {
  readonly key: string
  readonly value: string
  /** `id` beside it. */
  readonly id: string | undefined
  /** The key that this one is a part of. */
  readonly within: string | undefined
}

/** A text that readYaml takes, with other values in it and all else as somebody wrote it. @param other undefined: it stays */
export function rewriteYaml(text: string, other: (place: Place) => string | undefined): string {
  const document = parsed(text, new LineCounter())
  const edits: { from: number; to: number; text: string }[] = []
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      const scalar = isAlias(value) ? value.resolve(document) : value
      if (!isScalar(scalar) || typeof scalar.value !== 'string') return
      const map = ancestors.at(-1)
      const id = isMap(map) ? map.get('id') : undefined
      const outer = ancestors.findLast((node) => isPair(node))
      const place = { key: nameOf(key), value: scalar.value, within: outer && nameOf(outer.key) }
      const instead = other({ ...place, id: typeof id === 'string' ? id : undefined })
      const [from, to] = (value as Node).range!
      // Its line break is a part of a text on lines of its own.
      const end = isScalar(value) && value.type?.startsWith('BLOCK') ? '\n' : ''
      if (instead !== undefined) edits.push({ from, to, text: writeYaml(instead) + end })
    },
  })
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((whole, { from, to, text }) => whole.slice(0, from) + text + whole.slice(to), text)
}
