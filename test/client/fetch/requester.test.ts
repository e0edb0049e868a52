import t from 'tap'
import { Failure } from '../../../client/failure.js'
import { Requester } from '../../../client/fetch/requester.js'
import { Topics } from '../../../contract/topics.js'

interface Sent {
  readonly topic: string
  readonly body: { readonly transaction: string }
  readonly reply: { readonly topic: string; readonly correlation: Uint8Array }
}

function setting({ timeoutMs = 600_000, fault }: { timeoutMs?: number; fault?: Error } = {}) {
  const sent: Sent[] = []
  const wire = {
    async publish(topic: string, payload: string, reply: Sent['reply']) {
      if (fault) throw fault
      sent.push({ topic, body: JSON.parse(payload), reply })
    },
  }
  const requester = new Requester(new Topics('b', 'gate-1'), wire, timeoutMs, 'me')
  const answer = (body: object, which = 0) =>
    requester.receive({
      topic: sent[which].reply.topic,
      payload: Buffer.from(JSON.stringify(body)),
      correlation: sent[which].reply.correlation,
    })
  return { requester, sent, answer }
}
const page = (more: object = {}) => ({ status: 'ok', items: [], ...more })
const all = () => true

t.test('where it asks, and where it listens', async (t) => {
  const { requester, sent, answer } = setting()
  t.strictSame(requester.filters, ['b/v1/gate-1/res/+/me', 'b/v1/gate-1/res/+'])
  const asked = requester.ask('list', { cam: 'street' }, all)
  t.match(sent, [
    { topic: 'b/v1/gate-1/req/list', body: { cam: 'street' }, reply: { topic: 'b/v1/gate-1/res/list/me' } },
  ])
  t.equal(Buffer.from(sent[0].reply.correlation).toString(), sent[0].body.transaction)
  answer(page())
  await asked
})

t.test('an answer finds its question: by MQTT 5, or by the transaction that a box without it echoes', async (t) => {
  const { requester, sent, answer } = setting()
  const heard: string[] = []
  const first = requester.ask('list', {}, () => heard.push('first') > 0)
  const second = requester.ask('list', {}, () => heard.push('second') > 0)
  const { transaction } = sent[1].body
  const shared = (body: object) =>
    requester.receive({ topic: 'b/v1/gate-1/res/list', payload: Buffer.from(JSON.stringify(body)) })
  shared(page({ transaction: 'of somebody else' }))
  shared(page())
  requester.receive({ topic: 'b/v1/gate-1/res/list', payload: Buffer.from('{"trans') })
  t.strictSame(heard, [])
  shared(page({ transaction }))
  answer(page())
  await Promise.all([first, second])
  t.strictSame(heard, ['second', 'first'])
  answer(page())
  t.equal(heard.length, 2, 'one that comes late')
})

t.test('several answers, until it is answered in full', async (t) => {
  const { requester, answer } = setting()
  let n = 0
  let over = false
  const asked = requester
    .ask('list', {}, () => ++n === 2)
    .then(() => {
      over = true
    })
  answer(page())
  await Promise.resolve()
  t.equal(over, false)
  answer(page())
  await asked
  t.equal(n, 2)
})

t.test('how a question ends badly', async (t) => {
  const { requester, answer } = setting()
  const refused = requester.ask('get', {}, all)
  answer({ status: 'error', code: 'evicted', message: 'gone\x1b[2J' })
  await t.rejects(refused, { name: 'BoxError', code: 'evicted', message: 'gone [2J' })
  const strange = requester.ask('list', {}, all)
  answer({ status: 'ok', items: 5 }, 1)
  await t.rejects(strange, { name: 'Failure', code: 'answer', message: /^answer not understood, list of gate-1: / })
  const thrown = requester.ask('list', {}, () => {
    throw new Failure('answer', 'does not fit')
  })
  answer(page(), 2)
  await t.rejects(thrown, { message: 'does not fit' })
  await t.rejects(setting({ timeoutMs: 1 }).requester.ask('list', {}, all), {
    name: 'NoAnswer',
    message: 'no answer within 0.001 s',
  })
  await t.rejects(setting({ fault: new Error('not connected') }).requester.ask('list', {}, all), {
    name: 'NoAnswer',
    message: 'not connected',
  })
})

t.test('when nothing more will come, what is asked and what would be fails at once', async (t) => {
  const { requester, sent } = setting()
  const asked = requester.ask('list', {}, all)
  requester.abandon(new Failure('broker', 'refused'))
  await t.rejects(asked, { code: 'broker' })
  await t.rejects(requester.ask('list', {}, all), { code: 'broker' })
  t.equal(sent.length, 1)
})
