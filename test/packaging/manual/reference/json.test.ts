import t from 'tap'
import { json } from '../../../../packaging/manual/reference/json.js'

t.test('a group stays on one line where it fits', async (t) => {
  t.equal(json({ a: [1, 2], b: null, c: 'x"' }), '{"a": [1, 2], "b": null, "c": "x\\""}')
  const long = json({ short: { a: 1 }, long: 'x'.repeat(120) })
  t.equal(long, `{\n  "short": {"a": 1},\n  "long": "${'x'.repeat(120)}"\n}`)
  t.strictSame(JSON.parse(long), { short: { a: 1 }, long: 'x'.repeat(120) })
})
