/** What a JSON Schema says of each field, in words. */
import { idPattern } from '../../../contract/names.js'
import { code } from './markdown.js'

/** As much of JSON Schema as zod writes. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

export interface Field {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

export const fieldsOf = ({ properties = {}, required = [] }: Schema): Field[] =>
  Object.entries(properties).map(([name, schema]) => ({ name, schema, required: required.includes(name) }))

/** The object behind a field that has fields of its own, and how its place is written: `zones[]`, `thresholds.NAME`. */
export function inner(name: string, schema: Schema): { readonly name: string; readonly schema: Schema } | undefined {
  const { properties, items, additionalProperties, anyOf } = schema
  if (properties && Object.keys(properties).length > 0) return { name, schema }
  if (items) return inner(`${name}[]`, items)
  if (typeof additionalProperties === 'object') return inner(`${name}.NAME`, additionalProperties)
  for (const each of anyOf ?? []) {
    const found = inner(name, each)
    if (found) return found
  }
  return undefined
}

/** What a value can be. */
export function kind(name: string, schema: Schema): string {
  const { const: one, enum: few, anyOf, items, prefixItems, format, pattern, properties, additionalProperties } = schema
  if (one !== undefined) return code(JSON.stringify(one))
  if (few) return few.map((value) => code(String(value))).join(', ')
  if (anyOf) return anyOf.map((each) => kind(name, each)).join(', or ')
  if (prefixItems) return 'two numbers'
  if (items)
    return `list of ${items.properties ? 'groups' : kind('', items).replace(/^whole number/, 'whole numbers')}${many(schema)}`
  if (properties) return 'a group of keys'
  if (typeof additionalProperties === 'object')
    return `by name: ${additionalProperties.properties ? 'a group of keys' : kind('', additionalProperties)}`
  const types = [schema.type ?? []].flat()
  if (types.length === 1 && types[0] === 'null') return '`null`'
  const empty = types.includes('null') ? ', or `null`' : ''
  if (types.includes('boolean')) return `\`true\` or \`false\`${empty}`
  if (types.includes('integer') || types.includes('number')) return `${number(types, schema)}${unit(name)}${empty}`
  if (format === 'date-time') return `time (ISO 8601, UTC)${empty}`
  return `${pattern === idPattern.source ? 'a name: 1 to 64 of `a-z 0-9 _ -`' : 'text'}${empty}`
}

function number(types: readonly string[], { minimum, maximum }: Schema): string {
  const what = types.includes('integer') ? 'whole number' : 'number'
  if (minimum === undefined || maximum === undefined) return what
  // zod's own most, of whole numbers.
  if (maximum === Number.MAX_SAFE_INTEGER) return minimum === 0 ? what : `${what} from ${minimum}`
  return `${what} from ${grouped(minimum)} to ${grouped(maximum)}`
}

const grouped = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 6 })

const many = ({ minItems = 0, maxItems }: Schema): string =>
  maxItems === undefined
    ? ''
    : minItems === maxItems
      ? ` (${maxItems})`
      : minItems > 0
        ? ` (${minItems} to ${maxItems})`
        : ` (at most ${maxItems})`

/** Units stand in the names. */
const units: readonly (readonly [RegExp, string])[] = [
  [/PerSecond$/, 'a second'],
  [/(Seconds|_s)$/, 's'],
  [/Minutes$/, 'minutes'],
  [/Hours$/, 'hours'],
  [/(Days|^days_left)$/, 'days'],
  [/(Megabytes|_mb)$/, 'MB'],
  [/_ms$/, 'ms'],
  [/_c$/, '°C'],
  [/^fps/, 'a second'],
]
const unit = (name: string): string => {
  const found = units.find(([pattern]) => pattern.test(name))
  return found ? `, ${found[1]}` : ''
}
