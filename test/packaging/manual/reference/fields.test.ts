import t from 'tap'
import { fieldsOf, inner, kind, type Schema } from '../../../../packaging/manual/reference/fields.js'

t.test('what a value can be, in words', async (t) => {
  const words: [string, Schema, string][] = [
    ['refreshSeconds', { type: 'number', minimum: 0.1, maximum: 3600 }, 'number from 0.1 to 3,600, s'],
    ['threads', { type: 'integer', minimum: 0, maximum: 256 }, 'whole number from 0 to 256'],
    ['seq', { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'whole number'],
    ['temp_c', { anyOf: [{ type: 'number' }, { type: 'null' }] }, 'number, °C, or `null`'],
    ['zone', { type: ['string', 'null'] }, 'text, or `null`'],
    ['loop', { type: 'boolean' }, '`true` or `false`'],
    ['v', { const: 1, type: 'number' }, '`1`'],
    ['coding', { type: 'string', enum: ['fast', 'max'] }, '`fast`, `max`'],
    ['ts', { type: 'string', format: 'date-time', pattern: '…' }, 'time (ISO 8601, UTC)'],
    ['id', { type: 'string', pattern: '^[a-z0-9_-]{1,64}$' }, 'a name: 1 to 64 of `a-z 0-9 _ -`'],
    ['shape', { type: 'array', items: { type: 'integer' }, minItems: 3, maxItems: 3 }, 'list of whole numbers (3)'],
    [
      'zones',
      { type: 'array', items: { type: 'object', properties: { name: {} } }, maxItems: 32 },
      'list of groups (at most 32)',
    ],
    ['ms', { type: 'object', additionalProperties: { type: 'number' } }, 'by name: number'],
  ]
  for (const [name, schema, text] of words) t.equal(kind(name, schema), text, name)
})

t.test('fields, and the group behind one', async (t) => {
  const group: Schema = { type: 'object', properties: { a: { type: 'string' }, b: {} }, required: ['a'] }
  t.match(fieldsOf(group), [
    { name: 'a', required: true },
    { name: 'b', required: false },
  ])
  t.equal(inner('zones', { type: 'array', items: group })?.name, 'zones[]')
  t.equal(inner('thresholds', { additionalProperties: group })?.name, 'thresholds.NAME')
  t.equal(inner('publish', { anyOf: [{ enum: ['every'] }, group] })?.schema, group)
  t.equal(inner('id', { type: 'string' }), undefined)
})
