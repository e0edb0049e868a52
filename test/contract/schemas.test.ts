/**
 * docs/schema is what subscribers in other languages rely on: generated from the code, compared with it here.
 * npm run docs writes the files; so does UPDATE_SCHEMAS=1 npm test -- test/contract/schemas.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { schemas } from '../../packaging/manual/schemas.js'

const dir = join(process.cwd(), 'docs', 'schema')

for (const [name, schema] of schemas()) {
  t.test(name, async (t) => {
    const file = join(dir, `${name}.schema.json`)
    if (process.env.UPDATE_SCHEMAS) writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`)
    t.strictSame(
      JSON.parse(readFileSync(file, 'utf8')),
      JSON.parse(JSON.stringify(schema)),
      `docs/schema/${name}.schema.json is as the code says; if not: npm run docs`,
    )
  })
}

t.test('a result may gain fields, a request may not have unknown ones', async (t) => {
  const read = (name: string) => JSON.parse(readFileSync(join(dir, `${name}.schema.json`), 'utf8'))
  t.equal(read('request-get').additionalProperties, false)
  t.notOk(read('request-get').required.includes('off'), 'what has a default may be left out')
  t.ok(read('classify').required.includes('boot'))
  t.equal(read('classify').additionalProperties, undefined)
})
