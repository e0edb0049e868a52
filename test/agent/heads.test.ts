import t from 'tap'
import { headsOn } from '../../agent/heads.js'
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
