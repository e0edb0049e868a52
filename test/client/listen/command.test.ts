import t from 'tap'
import { run } from '../run.js'
import { ScriptedBroker } from '../scripted.js'

t.test('a flag that is wrong is said, with what is expected, before anything is connected', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--events', '--bits', 'x'], /^blindsight: two wishes, --events and --bits, .*leave one of them out\n$/],
    [['--device', 'Gate 1'], /^blindsight: no id, --device Gate 1/],
    [['--count', '0'], /--count 0, expected a whole number from 1/],
    [['--timeout', 'soon'], /--timeout soon/],
    [['--broker', 'hub'], /--broker hub/],
  ]
  for (const [args, said] of cases) t.match(await run(['subscribe', ...args]), { code: 2, out: '', err: said })
})

t.test('what it subscribes to, and that the broker will not have it', async (t) => {
  const broker = await ScriptedBroker.start({ subscribe: () => 135 })
  t.teardown(() => broker.stop())
  const wanted = async (...args: string[]) => {
    broker.subscribed.length = 0
    const ended = await run(['subscribe', '--broker', broker.url, ...args])
    t.match(ended, { code: 4, err: /^blindsight: the broker refused, .*subscription to .*; check --username/ })
    return broker.subscribed
  }
  const all = await wanted()
  t.ok(all.includes('blindsight/v1/+/cam/+/cls') && all.includes('blindsight/v1/+/hist/+/evt'), `${all}`)
  t.notOk(
    all.some((filter) => filter.includes('/bits/')),
    'bitstreams only where they are asked for',
  )
  const events = await wanted('--events', '--device', 'gate-1', '--base', 'site')
  t.strictSame([...events].sort(), ['site/v1/gate-1/cam/+/evt', 'site/v1/gate-1/hist/+/evt'])
})
