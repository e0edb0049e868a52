import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { classColour } from '../../../client/decode/palette.js'

t.test(
  'each class of a bundle that comes with us has a colour of its own name, and no two that show together share one',
  async (t) => {
    const bundles = 'models/bundles'
    for (const id of readdirSync(bundles)) {
      const { classes, analyse } = JSON.parse(readFileSync(join(bundles, id, 'manifest.json'), 'utf8'))
      const things: string[] = analyse
        ? analyse.mask.classes
            .filter(({ kind }: { kind: string }) => kind === 'thing')
            .map(({ label }: { label: string }) => label)
        : classes.segment.filter((name: string) => /car|pedestrian|bicyclist/.test(name))
      t.ok(things.length > 2, id)
      // By name, whatever its number is.
      for (const name of things) t.strictSame(classColour(name, 0), classColour(name, 5), `${id}: ${name}`)
      t.equal(new Set(things.map((name) => `${classColour(name, 0)}`)).size, things.length, id)
    }
  },
)

t.test('a class that nobody knows has one by its number', async (t) => {
  t.not(`${classColour('boat', 0)}`, `${classColour('boat', 1)}`)
  t.strictSame(classColour('boat', 1), classColour('boat', 7))
})
