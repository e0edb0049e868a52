import t from 'tap'
import * as api from '../../../../client/view/page/api.js'

t.test('what is asked, and what is said when it cannot be had', async (t) => {
  const { fetch } = globalThis
  t.teardown(() => {
    globalThis.fetch = fetch
  })
  const asked: unknown[] = []
  let answer: () => Response
  globalThis.fetch = async (address) => {
    asked.push(address)
    return answer()
  }
  answer = () => Response.json({ items: [] })
  t.strictSame(await api.events({ dev: 'gate-1', zone: undefined, limit: 5 }), { items: [] })
  answer = () => new Response(Uint8Array.of(1, 2))
  t.strictSame(await api.segment('gate-1', 'street/0/1'), Uint8Array.of(1, 2))
  t.strictSame(asked, ['api/events?dev=gate-1&limit=5', 'api/segment?dev=gate-1&ref=street%2F0%2F1'])
  answer = () => Response.json({ error: 'box gate-1 is away' }, { status: 504 })
  await t.rejects(api.recent(), { message: 'box gate-1 is away' })
  answer = () => new Response('<html>', { status: 502 })
  await t.rejects(api.recent(), { message: 'the viewing server answered 502' })
  t.equal(await api.liveFault(), 'the viewing server answered 502')
  answer = () => new Response(': \n\n')
  t.equal(await api.liveFault(), undefined)
  answer = () => {
    throw new TypeError('failed')
  }
  await t.rejects(api.recent(), /still running/)
  t.equal(api.liveAddress([]), 'api/live')
  t.equal(api.liveAddress(['a/b', 'a/c']), 'api/live?pictures=a%2Fb%2Ca%2Fc')
})
