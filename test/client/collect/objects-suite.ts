/** What holds of objects wherever they lie. */
import t, { type Test } from 'tap'
import { type ObjectStore, placeOf } from '../../../client/collect/objects.js'

export function suite(name: string, open: (t: Test) => Promise<ObjectStore>): void {
  const boot = '0123456789abcdef'
  const place = placeOf('gate-1', 'street', boot, { seq: 40, last: 79 })
  const other = placeOf('gate-1', 'street', boot, { seq: 80, last: 81 })

  t.test(`${name}: what was put is there until it is deleted`, async (t) => {
    const objects = await open(t)
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7)
    t.equal(await objects.get(place), undefined)
    await objects.put(place, bytes)
    await objects.put(other, Uint8Array.of())
    t.ok(Buffer.from(bytes).equals((await objects.get(place))!))
    t.equal((await objects.get(other))?.length, 0)
    await objects.delete([place, placeOf('gate-1', 'street', boot, { seq: 99, last: 99 })])
    t.equal(await objects.get(place), undefined)
    t.equal((await objects.get(other))?.length, 0)
  })

  t.test(`${name}: more are deleted than at once`, async (t) => {
    const objects = await open(t)
    const places = Array.from({ length: 40 }, (_, i) => placeOf('gate-2', 'yard', boot, { seq: i, last: i }))
    for (const one of places) await objects.put(one, Uint8Array.of(1))
    await objects.delete(places)
    t.strictSame(
      (await Promise.all(places.map((one) => objects.get(one)))).filter((found) => found !== undefined),
      [],
    )
  })

  t.test(`${name}: no place leads out`, async (t) => {
    const objects = await open(t)
    for (const wrong of ['../x.bsf', 'a/../../x.bsf', '/etc/passwd', 'a//b.bsf', 'a/b', ''])
      await t.rejects(objects.put(wrong, Uint8Array.of(1)), /is no place of an object/, wrong)
  })
}
