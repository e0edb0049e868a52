import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type SubscribeOptions, subscribe } from '../../../client/listen/subscribe.js'
import { Box, classifyResult, eventMessage } from '../box.js'
import { makeBundle, makeFrame } from '../bundle.js'
import { freePort, Mosquitto } from '../mosquitto.js'
import { run, start } from '../run.js'

/** Published until the subscriber is there to see it, as its own process takes a moment to connect. */
async function ready(box: Box, subscriber: ReturnType<typeof start>, seq: number): Promise<void> {
  let seen = false
  const wait = subscriber.seen(`#${seq} cls`).then(() => {
    seen = true
  })
  while (!seen) {
    await box.result(seq)
    await Promise.race([wait, new Promise((resolve) => setTimeout(resolve, 100))])
  }
}

t.test('duplicates, gaps and history', async (t) => {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const subscriber = start(['subscribe', '--broker', broker.url, '--count', '5'])
  await ready(box, subscriber, 10)
  await box.result(15)
  await box.result(15)
  await box.result(12, true)
  await box.publish(box.topics.result('cls', 'street'), { ...classifyResult(16), v: 2 })
  await box.result(16)
  await box.result(17)
  const { code, out, err } = await subscriber.ended
  t.equal(code, 6)
  t.equal(out.trim().split('\n').length, 5)
  t.match(err, /missing so far, gate-1\/street cls boot 0123456789abcdef: seq 11 to 14/)
  t.match(err, /invalid message ignored, blindsight\/v1\/gate-1\/cam\/street\/cls: v: /)
  t.match(err, /5 results, \d+ duplicates, 3 missing, 1 filled later, 1 invalid/)
  t.match(err, /^missing .*: seq 11$/m)
  t.match(err, /^missing .*: seq 13 to 14$/m)
})

t.test('that it is connected and waits, and why nothing may come', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const listen = async (more: Partial<SubscribeOptions>, until: RegExp) => {
    const [said, printed]: [string[], string[]] = [[], []]
    const stop = new AbortController()
    const settings = {
      url: broker.url.replace('//', '//u:hidden@'),
      clientId: `test-${Math.random()}`,
      sessionSeconds: 0,
    }
    const options = {
      broker: settings,
      base: 'blindsight',
      device: '+',
      eventsOnly: false,
      json: false,
      silenceMs: 1,
      ...more,
    }
    const warn = (line: string) => {
      said.push(line)
      if (until.test(line)) stop.abort()
    }
    await subscribe(options, { out: (line) => printed.push(line), warn }, stop.signal)
    t.strictSame(printed, [], 'stdout is for results')
    t.notMatch(said.join(), 'hidden')
    return said
  }
  t.match(await listen({}, /nothing/), [
    /^connected to mqtt:\/\/127\.0\.0\.1:\d+, waiting for results of every device under blindsight; Ctrl-C ends it$/,
    /^nothing has come in 0\.001 s, no box publishes here under blindsight, /,
  ])
  t.match(await listen({ eventsOnly: true, device: 'gate-1', base: 'site/a', count: 1 }, /no event/), [
    /waiting for events of gate-1 under site\/a$/,
    /^no event in .* or no box gate-1 publishes under site\/a, /,
  ])
  t.match(await listen({ json: true }, /nothing/), [/^nothing/])
})

t.test('events beside the results, which are still proven by their seq; and events alone', async (t) => {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const event = (...of: Parameters<typeof eventMessage>) =>
    box.publish(box.topics.result('evt', 'street'), eventMessage(...of))
  const all = start(['subscribe', '--broker', broker.url, '--count', '3'])
  await ready(box, all, 1)
  const alone = start(['subscribe', '--broker', broker.url, '--events', '--count', '2'])
  let seen = false
  void alone.seen('person enters').then(() => {
    seen = true
  })
  while (!seen) {
    await event('street-1-1', 'start', 2)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await event('street-1-2', 'start', 2)
  await box.result(2)
  await box.result(3)
  const [whole, events] = await Promise.all([all.ended, alone.ended])
  t.equal(whole.code, 0)
  t.match(whole.err, /3 results, 2 events, \d+ duplicates, 0 missing/)
  t.equal(events.code, 0)
  t.match(events.out, /person enters · yard 12 % · street-1-1\n.*street-1-2\n$/)
  t.match(events.err, /0 results, 2 events/)
  const { code, err } = await run(['subscribe', '--events', '--bits', 'x'])
  t.equal(code, 2)
  t.match(err, /--events and --bits/)
})

t.test('JSON lines, bitstreams to files, Ctrl-C ends with the summary', async (t) => {
  const broker = await Mosquitto.start({ config: ['max_packet_size 100000'] })
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const dir = join(t.testdir(), 'bits')
  const bytes = makeFrame(makeBundle(t.testdirName), 3)
  const subscriber = start(['subscribe', '--broker', broker.url, '--json', '--bits', dir])
  let seen = false
  void subscriber.seen('"seq":2').then(() => {
    seen = true
  })
  while (!seen) {
    await box.result(2)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await box.publish(box.topics.result('bits', 'street'), bytes.subarray(0, 20))
  await box.publish(box.topics.result('bits', 'street'), bytes)
  await box.result(3)
  await subscriber.seen('"seq":3')
  subscriber.child.kill('SIGINT')
  const { code, out, err } = await subscriber.ended
  t.equal(code, 0)
  t.same(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq),
    [2, 3],
  )
  t.match(JSON.parse(err.trim().split('\n').at(-1)!), { results: 2, bitstreams: 1, invalid: 1, missing: 0, gaps: [] })
  const files = readdirSync(dir)
  t.same(files, ['street-0123456789abcdef-3.bsf'])
  t.same(readFileSync(join(dir, files[0])), Buffer.from(bytes))
})

t.test('comes back after the broker was killed', async (t) => {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const subscriber = start(['subscribe', '--broker', broker.url, '--count', '2'])
  await ready(box, subscriber, 0)
  await broker.kill()
  await subscriber.seen('coming back')
  await broker.up()
  await subscriber.seen('again')
  await box.result(1)
  const { code, out } = await subscriber.ended
  t.equal(code, 0)
  t.match(out, /#0 cls[\s\S]*#1 cls/)
})

t.test('a broker of MQTT 3.1.1', async (t) => {
  const { Aedes } = await import('aedes')
  const { createServer } = await import('node:net')
  const aedes = await Aedes.createBroker()
  const server = createServer(aedes.handle)
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    aedes.close()
    server.close()
  })
  aedes.on('subscribe', () => {
    const payload = Buffer.from(JSON.stringify(classifyResult(0)))
    const packet = {
      cmd: 'publish',
      topic: 'blindsight/v1/gate-1/cam/street/cls',
      payload,
      qos: 1,
      dup: false,
    } as const
    aedes.publish({ ...packet, retain: false }, () => {})
  })
  const { code, out } = await run(['subscribe', '--broker', `mqtt://127.0.0.1:${port}`, '--count', '1'])
  t.equal(code, 0)
  t.match(out, '#0 cls')
})

t.test('what goes wrong is one line and a documented exit code', async (t) => {
  const broker = await Mosquitto.start({ user: { name: 'viewer', password: 'right' } })
  t.teardown(() => broker.stop())
  const cases: [string[], number, RegExp][] = [
    [['--broker', `mqtt://127.0.0.1:${await freePort()}`], 4, /no connection to the broker.*ECONNREFUSED/],
    [['--broker', broker.url, '--username', 'viewer', '--password', 'wrong'], 4, /refused.*--password/],
    [['--broker', 'host:1883'], 2, /--broker host:1883/],
    [['--device', 'Gate 1'], 2, /--device Gate 1/],
    [['--count', 'many'], 2, /--count many/],
    [['--ca', '/nowhere.pem'], 3, /\/nowhere\.pem/],
  ]
  for (const [args, code, message] of cases) {
    const ended = await run(['subscribe', ...args])
    t.equal(ended.code, code, args.join(' '))
    t.match(ended.err, message)
    t.match(ended.err, /^blindsight: [^\n]+\n$/)
  }
  const inTime = ['subscribe', '--broker', broker.url, '--username', 'viewer', '--count', '1', '--timeout', '0.5']
  const late = await start(inTime, { BLINDSIGHT_MQTT_PASSWORD: 'right' }).ended
  t.equal(late.code, 5, 'the right password from the environment, then nothing comes')
  t.match(late.err, /^blindsight: 0 of 1 results/m)
})
