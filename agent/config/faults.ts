/** What a schema refuses, in words: where, what is wrong, what to write instead. Never a secret's value. */
import type { z } from 'zod'
import { kindOf } from './kinds.js'
import { closest } from './near.js'
import type { Path, Yaml } from './yaml.js'

export interface Fault {
  readonly path: Path
  readonly text: string
}

const SECRET = /pass|secret|token|url|source/i
const SHOWN = 40

/** One a key: of several things that are wrong with the same value, the first is said. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], schema: z.ZodType, yaml: Yaml): Fault[] {
  const all = issues
    .flatMap(begun)
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? unknownKeys(issue, schema) : [faultOf(issue, schema, yaml)],
    )
  return all.filter(({ path }, i) => all.findIndex((other) => other.path.join('\0') === path.join('\0')) === i)
}

/** Of a value that is a word or a group of keys: of a group, what is wrong inside it. */
function begun(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const { path, input } = issue
  if (issue.code !== 'invalid_union' || typeof input !== 'object' || input === null) return [issue]
  const inside = issue.errors.find((form) => form.every((one) => one.path.length > 0 || 'keys' in one))
  return inside?.map((one) => ({ ...one, path: [...path, ...one.path] })) ?? [issue]
}

function unknownKeys({ path, keys, input }: z.core.$ZodIssueUnrecognizedKeys, schema: z.ZodType): Fault[] {
  const known = Object.keys(schemaAt(schema, path)?.shape ?? {})
  return keys.map((key) => {
    // {password:a} is a key of its own with a secret in it, and of {password: a,b} the b is a key.
    const name = /^[\w-]*/.exec(key)![0]
    const empty = (input as Record<string, unknown> | undefined)?.[key] === null
    const shown = `'${[...path, name].join('.')}${name === key ? '' : '…'}'`
    const near = closest(name, known)
    let hint = near ? `; did you mean '${near}'?` : known.length ? `; there are ${known.join(', ')}` : ''
    if (key[name.length] === ':') hint = '; a blank is missing after the colon'
    else if (empty) hint = `; a text with a comma in it goes in quotes${hint}`
    return {
      path: [...path, key],
      text: `unknown key ${empty && !known.includes(name) ? 'without a value' : shown}${hint}`,
    }
  })
}

function faultOf(issue: z.core.$ZodIssue, schema: z.ZodType, yaml: Yaml): Fault {
  const name = issue.path.join('.') || 'configuration'
  return { path: issue.path, text: `${name}: ${wrong(issue, schema, yaml)}` }
}

function wrong(issue: z.core.$ZodIssue, schema: z.ZodType, yaml: Yaml): string {
  const { path, input } = issue
  if (input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
    return `is missing; ${sample(issue, path)}`
  if (input === null) return nothing(issue, schema, yaml)
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue, yaml)
    case 'invalid_value':
      return oneOf(issue.values.map(String), input, path)
    case 'too_small':
    case 'too_big':
      return wrongSize(issue, schema)
    default:
      return `${issue.message}${nearest(issue)}`
  }
}

function sample(issue: z.core.$ZodIssueInvalidType | z.core.$ZodIssueInvalidValue, path: Path): string {
  if (issue.code === 'invalid_value') return `write one of ${issue.values.join(', ')}`
  return path.at(-1) === 'cameras'
    ? 'a configuration names at least one: see config/example.yaml'
    : `write ${article(issue.expected)}`
}

function nothing(issue: z.core.$ZodIssue, schema: z.ZodType, yaml: Yaml): string {
  if (issue.path.length === 0) return 'is empty; write at least cameras: see config/example.yaml'
  const cut =
    yaml.comment(issue.path) !== undefined ? '; what follows a # is a comment: put a text with # in quotes' : ''
  const inner = schemaAt(schema, issue.path)
  if (inner?.shape || inner?.element || inner?.valueType)
    return `has nothing below it; indent its ${inner.element ? 'entries' : 'keys'} below it, or take the line out${cut}`
  return `has no value; write one, or take the line out${cut}`
}

function wrongType({ expected, input, path }: z.core.$ZodIssueInvalidType, yaml: Yaml): string {
  const written = yaml.written(path)
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    const quoted = SECRET.test(String(path.at(-1))) || written === undefined ? '' : `: "${written}"`
    return `${typeof input === 'number' ? 'a number' : 'true or false'}, where text is meant; put it in quotes${quoted}`
  }
  if (expected === 'string') return `${kindOf(input)}, where text is meant; put it in quotes`
  if ((expected === 'number' || expected === 'int') && typeof input === 'string') return noNumber(input)
  if (expected === 'int' && typeof input === 'number' && Number.isFinite(input))
    return `${input} is no whole number; write ${Math.round(input)}`
  if (expected === 'number' || expected === 'int')
    return `${kindOf(input)}, where a number is meant; write it in digits`
  if (expected === 'boolean') {
    const meant = /^(yes|on|y|true|1)$/i.test(String(input))
      ? 'true'
      : /^(no|off|n|false|0)$/i.test(String(input))
        ? 'false'
        : 'true or false'
    return `write ${meant}, without quotes`
  }
  if (expected === 'array')
    return `${kindOf(input)}, where a list is meant; begin each entry with "- ", or write [a, b]`
  return `expected a group of keys (an object), not ${kindOf(input)}; write key: value lines, indented below it`
}

/** "10", 10,5, 1_000, 4GB, 10s */
function noNumber(input: string): string {
  const plain = input.trim().replace(',', '.').replaceAll(/[_ ']/g, '')
  const [, digits, rest] = /^(-?\d+(?:\.\d+)?)(.*)$/s.exec(plain) ?? []
  if (digits === undefined) return 'text, where a number is meant; write digits'
  if (rest === '') return `text, where a number is meant; write ${Number(digits)}, without quotes`
  return `text, where a number is meant; write digits alone, the unit stands in the key's name`
}

function oneOf(values: string[], input: unknown, path: Path): string {
  const near = typeof input === 'string' ? closest(input, values) : undefined
  const said = SECRET.test(String(path.at(-1))) ? '' : ` ${shown(input)};`
  return `not possible:${said} write one of ${values.join(', ')}${near ? ` (${near}?)` : ''}`
}

function wrongSize(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, schema: z.ZodType): string {
  const least = issue.code === 'too_small'
  const limit = least ? issue.minimum : issue.maximum
  if (issue.origin === 'string')
    return least ? 'is empty; write a value, or take the line out' : `is longer than ${limit} characters`
  if (issue.origin === 'array')
    return least ? `is empty; write at least ${limit} entry` : `has more than ${limit} entries`
  const { minValue, maxValue } = schemaAt(schema, issue.path) ?? {}
  return `${issue.input} is too ${least ? 'small' : 'large'}; write a number from ${minValue} to ${maxValue}`
}

function nearest({ message, input }: z.core.$ZodIssue): string {
  const multiple = Number(/multiples of (\d+)/.exec(message)?.[1])
  if (!multiple || typeof input !== 'number') return ''
  return `; nearest: ${Math.max(multiple, Math.round(input / multiple) * multiple)}`
}

const shown = (value: unknown): string => {
  if (value === null || typeof value === 'object') return kindOf(value)
  const text = String(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}

const article = (expected: string): string =>
  ({
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'its keys below it',
  })[expected] ?? expected

interface Inner {
  readonly shape?: Record<string, unknown>
  readonly element?: unknown
  /** Of a value with several forms. */
  readonly options?: readonly unknown[]
  /** Of a group with keys that are names. */
  readonly valueType?: unknown
  readonly minValue?: number | null
  readonly maxValue?: number | null
}

function schemaAt(schema: unknown, path: Path): Inner | undefined {
  let at: unknown = schema
  for (const key of path) {
    const inner = unwrap(at)
    const shape = inner?.shape ?? inner?.options?.map(unwrap).find((one) => one?.shape)?.shape
    at = typeof key === 'number' ? inner?.element : (shape?.[String(key)] ?? inner?.valueType)
  }
  return unwrap(at)
}

function unwrap(schema: unknown): Inner | undefined {
  const inner = (schema as { def?: { innerType?: unknown } })?.def?.innerType
  return inner ? unwrap(inner) : (schema as Inner | undefined)
}
