import t from 'tap'
import { Boxes } from '../../../client/fetch/boxes.js'

function setting() {
  const sent: { topic: string; reply: string; transaction: string }[] = []
  const boxes = new Boxes('fleet', {
    async publish(topic, payload, reply) {
      sent.push({ topic, reply: reply.topic, transaction: JSON.parse(payload).transaction })
    },
  })
  return { boxes, sent }
}
const gone = (transaction: string) =>
  Buffer.from(JSON.stringify({ transaction, status: 'error', code: 'not_found', message: 'no such run' }))

t.test('each box is asked by itself, and its answer finds who asked', async (t) => {
  const { boxes, sent } = setting()
  t.equal(boxes.of('gate-1'), boxes.of('gate-1'))
  const asked = ['gate-1', 'gate-2'].map((dev) => boxes.of(dev).ask('list', {}, () => true))
  t.strictSame(
    sent.map(({ topic }) => topic),
    ['fleet/v1/gate-1/req/list', 'fleet/v1/gate-2/req/list'],
  )
  const [all, shared] = boxes.filters
  t.equal(shared, 'fleet/v1/+/res/+')
  t.match(sent[0].reply, new RegExp(`^fleet/v1/gate-1/res/list/${all.split('/').at(-1)}$`))
  // Another box's words are not taken for it.
  t.equal(boxes.receive({ topic: sent[1].reply, payload: gone(sent[0].transaction) }), true)
  const answers = sent.map(({ reply, transaction }) => boxes.receive({ topic: reply, payload: gone(transaction) }))
  t.strictSame(answers, [true, true])
  for (const one of asked) await t.rejects(one, { name: 'BoxError', code: 'not_found' })
})

t.test('what is no answer is left to others', async (t) => {
  const { boxes } = setting()
  const payload = gone('x')
  for (const topic of ['fleet/v1/gate-1/cam/street/cls', 'fleet/v1/gate-1/res/nonsense', 'fleet/v1/gate-1/state'])
    t.equal(boxes.receive({ topic, payload }), false, topic)
  t.equal(boxes.receive({ topic: 'fleet/v1/nobody/res/list', payload }), true, 'an answer to somebody else')
})
