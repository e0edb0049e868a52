import t from 'tap'
import { median, Stages } from '../../agent/stages.js'

t.test('medians of what was measured', async (t) => {
  const stages = new Stages()
  for (const ms of [9, 1, 2]) stages.add({ encode: ms })
  stages.add({ publish: 0.128 })
  t.strictSame(stages.medians(), { encode: 2, publish: 0.13 })
  for (let i = 0; i < 600; i++) stages.add({ encode: 50 })
  t.equal(stages.medians().encode, 50, 'old ones go')
  t.equal(median([1, 4, 2, 3]), 2.5)
})
