/**
 * docs/schema is what subscribers in other languages rely on: generated from the code, compared with it here.
 * UPDATE_SCHEMAS=1 npm test -- test/contract/schemas.test.ts writes the files.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { Config } from '../../agent/config/schema.js'
import * as messages from '../../contract/messages.js'

const dir = join(import.meta.dirname, '..', '..', 'docs', 'schema')
const published = {
  config: Config,
  classify: messages.ClassifyResult,
  segment: messages.SegmentResult,
  event: messages.EventMessage,
  now: messages.NowMessage,
  'device-state': messages.DeviceStateMessage,
  'camera-state': messages.CameraStateMessage,
  info: messages.InfoMessage,
  health: messages.HealthMessage,
  ...Object.fromEntries(Object.entries(messages.requests).map(([verb, schema]) => [`request-${verb}`, schema])),
  ...Object.fromEntries(Object.entries(messages.responses).map(([verb, schema]) => [`response-${verb}`, schema])),
}

for (const [name, schema] of Object.entries(published)) {
  t.test(name, async (t) => {
    const file = join(dir, `${name}.schema.json`)
    const generated = { title: `blindsight ${name}`, ...z.toJSONSchema(schema, { io: 'input' }) }
    if (process.env.UPDATE_SCHEMAS) writeFileSync(file, `${JSON.stringify(generated, null, 2)}\n`)
    t.strictSame(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(JSON.stringify(generated)))
  })
}

t.test('a result may gain fields, a request may not have unknown ones', async (t) => {
  const read = (name: string) => JSON.parse(readFileSync(join(dir, `${name}.schema.json`), 'utf8'))
  t.equal(read('request-get').additionalProperties, false)
  t.notOk(read('request-get').required.includes('off'), 'what has a default may be left out')
  t.ok(read('classify').required.includes('boot'))
  t.equal(read('classify').additionalProperties, undefined)
})
