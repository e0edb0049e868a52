import { join } from 'node:path'
import t from 'tap'
import { Tails } from '../../../../client/view/box/tail.js'
import { sameBytes } from '../../../codec/samples.js'
import { records as coded, frames as framesOf } from '../../../codec/scene.js'
import { makeBundle, makeFrame } from '../../bundle.js'

const recordsOf = () => coded(framesOf(1, 6), 'fast', 99)

t.test('a keyframe begins one, alone it is enough', async (t) => {
  const bundle = makeBundle(join(t.testdir(), 'bundles'))
  const tails = new Tails()
  t.equal(tails.get('a/b'), undefined)
  t.ok(tails.add('a/b', makeFrame(bundle, 0)))
  t.ok(sameBytes(tails.get('a/b')!, makeFrame(bundle, 0)))
})

t.test('what is predicted is added in order; a hole makes it wait for a keyframe', async (t) => {
  const records = recordsOf()
  const tails = new Tails()
  t.notOk(tails.add('a/b', records[1]), 'nothing to begin with')
  for (const record of records.slice(0, 3)) t.ok(tails.add('a/b', record))
  t.ok(tails.add('a/b', records[2]), 'twice is no hole')
  t.ok(sameBytes(tails.get('a/b')!, Buffer.concat(records.slice(0, 3))))
  t.notOk(tails.add('a/b', records[4]))
  t.equal(tails.get('a/b'), undefined)
  t.throws(() => tails.add('a/b', Buffer.from('nonsense')))
})
