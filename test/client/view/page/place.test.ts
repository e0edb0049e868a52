import t from 'tap'
import { hashOf, type Place, readPlace } from '../../../../client/view/page/place.js'

t.test('a place is its link, and the link leads back to it', async (t) => {
  const places: Place[] = [
    { view: 'live', utc: false },
    { view: 'live', dev: 'gate-1', utc: true },
    {
      view: 'back',
      dev: 'gate-1',
      cam: 'street',
      class: 'person',
      zone: 'Einfahrt Süd & Tor',
      at: 1777622400123,
      utc: false,
    },
  ]
  for (const place of places) {
    const back = readPlace(hashOf(place))
    t.strictSame(JSON.parse(JSON.stringify(back)), JSON.parse(JSON.stringify(place)))
  }
  t.equal(hashOf(places[2]).includes('t=2026-05-01T08:00:00.123Z'), true)
})

t.test('what is not understood is left out', async (t) => {
  for (const hash of ['', '#', '#nowhere', '#live?t=yesterday', `#live?dev=${'x'.repeat(100)}`])
    t.strictSame(JSON.parse(JSON.stringify(readPlace(hash))), { view: 'live', utc: false }, hash)
})
