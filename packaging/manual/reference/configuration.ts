/** docs/reference/configuration.md: every key, from the schema that reads the configuration. */
import { z } from 'zod'
import { Config } from '../../../agent/config/schema.js'
import { type Field, fieldsOf, inner, kind, type Schema } from './fields.js'
import { capital, code, page, plain, table } from './markdown.js'

const INTRO = `One YAML file, for the service \`/etc/blindsight/config.yaml\`. [config/example.yaml](../../config/example.yaml) has every key once, to begin from; how to
change it and what is said of faults: [how-to/configure.md](../how-to/configure.md). Nothing but \`cameras\`, with an \`id\` and a \`source\` each, has to be there.

Units stand in the keys (\`healthSeconds\`). A key that is not here is refused, so a slip of the pen is no silent default. A relative path goes by the folder that this file lies in. In \`source\`, \`username\` and \`password\`
\`\${NAME}\` is taken from the environment. For editors and programs: [config.schema.json](../schema/config.schema.json).`

export function configurationPage(): string {
  return page(
    'Configuration',
    INTRO,
    ...sections('The whole file', '', z.toJSONSchema(Config, { io: 'input' }) as Schema),
  )
}

/** A table of keys, and one for each group of keys within, in the order of the file. */
function sections(title: string, prefix: string, schema: Schema): string[] {
  const fields = fieldsOf(schema)
  const groups = fields.flatMap((field) => {
    const group = inner(field.name, field.schema)
    return group ? [{ path: `${prefix}${group.name}`, schema: group.schema }] : []
  })
  return [
    `## ${title}`,
    ...(schema.description ? [`${plain(capital(schema.description))}.`] : []),
    table(
      ['key', 'value', 'default', 'what'],
      fields.map((field) => row(field, prefix)),
    ),
    ...groups.flatMap((group) => sections(code(group.path), `${group.path}.`, group.schema)),
  ]
}

const row = ({ name, schema, required }: Field, prefix: string): string[] => [
  code(name),
  linked(name, schema, prefix),
  required ? '**must be there**' : schema.default === undefined || isGroup(schema) ? '' : code(written(schema.default)),
  plain(schema.description ?? ''),
]

/** What has keys of its own leads to them; the anchor is GitHub's of the heading. */
function linked(name: string, schema: Schema, prefix: string): string {
  const group = inner(name, schema)
  const words = kind(name, schema)
  if (!group) return words
  const anchor = `${prefix}${group.name}`.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '')
  return words.replace(/groups|a group of keys/, (text) => `[${text}](#${anchor})`)
}

const isGroup = ({ default: value, properties }: Schema): boolean =>
  properties !== undefined && typeof value === 'object'
const written = (value: unknown): string =>
  Array.isArray(value) ? `[${value.join(', ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value)
