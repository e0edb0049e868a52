/** npm run docs: writes what in docs/ is made from the code: docs/schema and the pages of docs/reference. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { referencePages } from './reference/pages.js'
import { schemas } from './schemas.js'

const docs = join(packageRoot(), 'docs')
for (const [name, schema] of schemas())
  writeFileSync(join(docs, 'schema', `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`)
for (const [file, text] of referencePages()) writeFileSync(join(docs, 'reference', file), text)
