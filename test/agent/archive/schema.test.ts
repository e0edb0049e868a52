import Database from 'better-sqlite3'
import t from 'tap'
import { MIGRATIONS, SCHEMA, SCHEMA_VERSION } from '../../../agent/archive/schema.js'

t.test('the tables are made once, and there is a way from every older version', async (t) => {
  const db = new Database(':memory:')
  db.exec(SCHEMA)
  db.exec(SCHEMA)
  db.close()
  for (let from = 1; from < SCHEMA_VERSION; from++) t.type(MIGRATIONS[from], 'string')
})
