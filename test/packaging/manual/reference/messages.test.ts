/** Every example of the page is a message, and every field says what it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as messages from '../../../../contract/messages.js'
import { fieldsOf, inner, type Schema } from '../../../../packaging/manual/reference/fields.js'
import { schemas } from '../../../../packaging/manual/schemas.js'

const { requests, responses } = messages
const of: Record<string, { parse(value: unknown): unknown }> = {
  event: messages.EventMessage.strict(),
  now: messages.NowMessage.strict(),
  classify: messages.ClassifyResult.strict(),
  segment: messages.SegmentResult.strict(),
  'device-state': messages.DeviceStateMessage.strict(),
  'camera-state': messages.CameraStateMessage.strict(),
  info: messages.InfoMessage.strict(),
  health: messages.HealthMessage.strict(),
  failure: responses.describe,
  ...Object.fromEntries(Object.entries(requests).map(([verb, schema]) => [`request-${verb}`, schema])),
  ...Object.fromEntries(Object.entries(responses).map(([verb, schema]) => [`response-${verb}`, schema])),
}

t.test('examples are accepted by the schemas, and there is one of each', async (t) => {
  const dir = join(process.cwd(), 'packaging', 'manual', 'examples')
  const names = readdirSync(dir).map((file) => file.replace('.json', ''))
  t.strictSame(names.sort(), Object.keys(of).sort())
  for (const name of names) {
    const example = JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8'))
    t.doesNotThrow(() => of[name]!.parse(example), name)
  }
})

t.test('every key of the configuration and every field of a message is described', async (t) => {
  for (const [name, schema] of schemas() as Map<string, Schema>)
    for (const each of schema.anyOf ?? [schema])
      undescribed(each, name).map((path) => t.fail(`${path}: give it a .describe()`))
})

function undescribed(schema: Schema, path: string): string[] {
  return fieldsOf(schema).flatMap((field) => {
    const place = `${path}.${field.name}`
    const group = inner(field.name, field.schema)
    const said = field.schema.description ?? group?.schema.description ?? (field.name === 'status' ? 'ok' : '')
    return [...(said ? [] : [place]), ...(group ? undescribed(group.schema, place) : [])]
  })
}
