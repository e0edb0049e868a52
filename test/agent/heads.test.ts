import t from 'tap'
import { Camera } from '../../agent/config/schema.js'
import { analyseOn, headsOn, rulesOf } from '../../agent/heads.js'
import { openBundle } from '../../contract/bundle.js'
import { bundlesDir } from '../../contract/package-root.js'
import { analysingBundle } from '../contract/analysing-bundle.js'

t.test('those that the camera names, else all that the bundle has', (t) => {
  const old = openBundle(`${bundlesDir()}/lean-1`)
  t.same(headsOn({}, old), ['classify', 'segment'])
  t.same(headsOn({ heads: ['segment'] }, old), ['segment'])
  t.same(headsOn({ heads: [] }, old), [])
  t.same(headsOn({}, openBundle(analysingBundle(t.testdir()))), ['analyse'])
  t.end()
})

t.test('what says what is there, by the thresholds of the camera, and by which rules', async (t) => {
  const bundle = openBundle(analysingBundle(t.testdir()))
  t.equal(analyseOn({}, openBundle(`${bundlesDir()}/lean-1`)), undefined)
  t.equal(analyseOn({ heads: [] }, bundle), undefined)
  t.strictSame(analyseOn({}, bundle), bundle.manifest.analyse)
  const analyse = analyseOn({ thresholds: { car: { enter: 0.9, leave: 0.1 } } }, bundle)!
  const { thresholds } = bundle.manifest.analyse!.tags
  t.strictSame(analyse.tags.thresholds, { ...thresholds, car: { enter: 0.9, leave: 0.1 } })
  t.strictSame(thresholds.car, { enter: 0.5, leave: 0.4 }, "the bundle's are as they were")
  t.ok(rulesOf({}, analyse).some(({ class: of }) => of === 'person'))
  t.strictSame(rulesOf({ events: [] }, analyse), [])
  const { events } = Camera.parse({
    id: 'a',
    source: 'x',
    events: [{ class: 'car' }, { class: 'car', motion: true }, { class: 'car' }],
  })
  t.strictSame(rulesOf({ events }, analyse), events!.slice(0, 2), 'the same rule twice tells once')
})
