/**
 * A configuration as people like to find it: each key with what the schema says of it, and what was not chosen as a comment with its
 * default. `# text` explains, `#key: value` is a default that becomes a choice without its #.
 */
import type { z } from '../config/kinds.js'
import { writeYaml } from '../config/yaml.js'

type Values = Readonly<Record<string, unknown>>

const WIDTH = 110

export function commented(schema: z.ZodType, values: Values): string {
  return `${group(schema, values, '').join('\n')}\n`
}

function group(schema: z.ZodType, values: Values, indent: string, prose = true): string[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const value = values[key]
    if (value === undefined && !prose) return []
    const said = prose ? explained(inner, indent) : []
    const lines = value === undefined ? unset(key, inner, indent) : set(key, inner, value, indent, prose)
    // Room between the groups of the file.
    return [...(indent === '' && prose ? [''] : []), ...said, ...lines]
  })
}

function set(key: string, schema: z.ZodType, value: unknown, indent: string, prose: boolean): string[] {
  const element = inside(schema).element
  if (Array.isArray(value) && element && shapeOf(element)) {
    // What a key means is said once, at the first of several.
    const entries = value.flatMap((one, i) => {
      const [first = '', ...rest] = leading(group(element, one, `${indent}    `, prose && i === 0), indent)
      return [first, ...rest]
    })
    return [`${indent}${key}:`, ...entries]
  }
  if (shapeOf(schema) && value !== null && typeof value === 'object')
    return [`${indent}${key}:`, ...group(schema, value as Values, `${indent}  `, prose)]
  return [`${indent}${key}: ${writeYaml(value)}`]
}

/** The entry's `- ` goes before its first key, what is said of that above it. */
function leading(lines: string[], indent: string): string[] {
  const at = lines.findIndex((line) => !line.trimStart().startsWith('#'))
  return lines.map((line, i) => {
    if (i < at) return `${indent}  ${line.trimStart()}`
    return i === at ? `${indent}  - ${line.trimStart()}` : line
  })
}

function unset(key: string, schema: z.ZodType, indent: string): string[] {
  if (shapeOf(schema))
    return [`${indent}#${key}:`, ...group(schema, {}, `${indent}  `).filter((line) => line.trim() !== '')]
  const preset = presetOf(schema)
  return [`${indent}#${key}:${preset === undefined ? '' : ` ${writeYaml(preset)}`}`]
}

function explained(schema: z.ZodType, indent: string): string[] {
  const lines: string[] = []
  for (const word of (described(schema) ?? '').split(' ').filter(Boolean)) {
    const last = lines.at(-1)
    if (last === undefined || indent.length + last.length + word.length > WIDTH) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.map((line) => `${indent}${line}`)
}

interface Inside {
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly element?: z.ZodType
  readonly description?: string | undefined
  readonly def?: { readonly type: string; readonly innerType?: z.ZodType; readonly defaultValue?: unknown }
}
const inside = (schema: z.ZodType): Inside => {
  const inner = (schema as Inside).def?.innerType
  return inner ? inside(inner) : (schema as Inside)
}
const shapeOf = (schema: z.ZodType) => inside(schema).shape

function described(schema: z.ZodType): string | undefined {
  const { description, def } = schema as Inside
  return description ?? (def?.innerType && described(def.innerType))
}

function presetOf(schema: z.ZodType): unknown {
  const { def } = schema as Inside
  if (def?.type === 'default') return def.defaultValue
  return def?.innerType && presetOf(def.innerType)
}
