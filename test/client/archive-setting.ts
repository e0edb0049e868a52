/** A broker, and a box whose archive has five frames of one camera. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { Box } from './box.js'
import { boot, makeBundle, makeFrame } from './bundle.js'
import { Mosquitto } from './mosquitto.js'
import { run } from './run.js'

/** `command` is `archive` or `events`; its verbs are run against the box. */
export async function setUp(t: Test, command: string) {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const dir = t.testdir()
  const bundle = makeBundle(join(dir, 'bundles'))
  for (let seq = 0; seq < 5; seq++) box.archive.set(`street/${boot}/${seq}`, makeFrame(bundle, seq))
  const out = join(dir, 'out')
  const verb = (name: string, ...args: string[]) =>
    run([command, name, '--broker', broker.url, '--device', 'gate-1', '--timeout', '600', ...args])
  return { broker, box, out, verb }
}
