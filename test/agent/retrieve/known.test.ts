import t from 'tap'
import { unknownName } from '../../../agent/retrieve/known.js'

const known = { cam: ['street'], class: ['person', 'vehicle'], zone: [] }

t.test('what nobody knows is told, with what there is', async (t) => {
  const ask = (filter: object, some = false) => unknownName(filter, known, () => some)
  t.equal(ask({}), undefined)
  t.equal(ask({ cam: 'street', class: 'person', event: 'e-1' }), undefined)
  t.equal(ask({ cam: 'yard' }), 'cam: nothing here is named yard; there is street')
  t.equal(ask({ cam: 'street', class: 'boat' }), 'class: nothing here is named boat; there are person, vehicle')
  t.equal(ask({ zone: 'lawn' }), 'zone: nothing here is named lawn; there is none')
})

t.test('what an earlier configuration named is known while the archive has some of it', async (t) => {
  const asked: unknown[] = []
  const some = (one: object) => asked.push(one) > 0
  t.equal(unknownName({ cam: 'old', class: 'person', zone: 'gate' }, known, some), undefined)
  t.strictSame(asked, [{ cam: 'old' }, { zone: 'gate' }])
})
