import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Announced } from '../../../agent/publish/announced.js'

t.test('kept across restarts, and a damaged file is an empty one', async (t) => {
  const file = join(t.testdir(), 'state', 'announced.json')
  const first = new Announced(file)
  first.add('a')
  first.add('b')
  first.remove('a')
  t.strictSame(new Announced(file).topics, ['b'])
  writeFileSync(file, '["b"')
  t.strictSame(new Announced(file).topics, [])
  writeFileSync(file, '{"b":1}')
  t.strictSame(new Announced(file).topics, [])
})

t.test('where nothing can be written it lasts as long as the process', async (t) => {
  const announced = new Announced(join(t.testdir({ file: '' }), 'file', 'announced.json'))
  announced.add('a')
  t.strictSame(announced.topics, ['a'])
  t.strictSame(new Announced().topics, [])
})
