/** What a box answers step by step; test/client/release/send.test.ts has it with the client, from the offer to the first frame. */
import { createHash } from 'node:crypto'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { Deliveries } from '../../agent/deliveries.js'
import { silentLog } from '../../agent/log.js'
import { keygen, signBundle } from '../../client/release/keys.js'
import { responses } from '../../contract/messages.js'
import { otherBundle, otherBytes } from '../contract/other-bundle.js'

const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

t.test('offer, part, finish', async (t) => {
  const dir = t.testdir()
  const bundles = { publicKey: keygen(join(dir, 'key')).raw, overMqtt: true }
  const cameras = [{ id: 'a', source: 'x.mp4' }]
  const box = { stateDir: join(dir, 'state'), cameras, archive: { minFreeMegabytes: 1 }, bundles }
  const config = parseConfig(JSON.stringify(box), 'c')
  const deliveries = new Deliveries(config, silentLog, () => {})
  const folder = otherBundle(dir)
  otherBytes(folder, 'encoder.onnx')
  await signBundle(folder, join(dir, 'key'))
  const base64 = (name: string) => readFileSync(join(folder, name)).toString('base64')
  const offer = {
    step: 'offer',
    manifest: base64('manifest.json'),
    signature: base64('manifest.json.sig'),
    use: false,
  } as const
  const bundle = hash(readFileSync(join(folder, 'manifest.json')))
  const data = readFileSync(join(folder, 'encoder.onnx')).subarray(0, 1000)
  const part = {
    step: 'part',
    bundle,
    file: 'encoder.onnx',
    off: 0,
    sha256: hash(data),
    data: data.toString('base64'),
  } as const

  t.throws(() => deliveries.answer(part), { code: 'not_found' }, 'no part before the signature was seen')
  const { signature: _, ...unsigned } = offer
  t.throws(() => deliveries.answer(unsigned), { code: 'refused', message: /the bundle is not signed/ })
  const forged = { ...offer, manifest: Buffer.from(`${Buffer.from(offer.manifest, 'base64')} `).toString('base64') }
  t.throws(() => deliveries.answer(forged), { code: 'refused', message: /is not of this manifest/ })
  const offered = deliveries.answer(offer)
  t.match(offered, {
    id: 'field-2',
    bundle,
    state: 'receiving',
    wants: [{ file: 'encoder.onnx', off: 0 }],
    part_bytes: 65_536,
  })
  t.equal(offered.wants!.length, 1, 'the rest is as in field-1')
  t.ok(responses.bundle.safeParse(offered).success)
  t.throws(() => deliveries.answer({ ...part, sha256: bundle }), {
    code: 'damaged',
    message: /encoder\.onnx at 0: this part is not/,
  })
  t.throws(
    () => deliveries.answer({ ...part, file: 'decoder/decoder.onnx' }),
    { code: 'bad_request' },
    'which no box wants',
  )
  t.match(deliveries.answer(part), { state: 'receiving', next: 1000 })
  t.match(deliveries.answer({ step: 'finish', bundle, use: false }), { state: 'receiving', wants: [{ off: 1000 }] })

  const there = join(box.stateDir, 'bundles', 'field-2')
  cpSync(folder, there, { recursive: true })
  t.match(new Deliveries(config, silentLog, () => {}).answer(offer), { state: 'added' })
  writeFileSync(join(there, 'analyse.onnx'), 'damaged')
  const again = new Deliveries(config, silentLog, () => {})
  t.match(again.answer(offer), { state: 'receiving' }, 'a damaged one is sent again')
  t.match(again.answer({ step: 'finish', bundle, use: false }), { state: 'receiving', wants: [{ off: 1000 }] })
  cpSync(join(folder, 'analyse.onnx'), join(there, 'analyse.onnx'))
  t.match(again.answer(offer), { state: 'added' })
  rmSync(join(there, 'manifest.json.sig'))
  t.match(again.answer(offer), { state: 'receiving' }, 'so is one without the signature')
  deliveries.sweep()
  deliveries.stop()
})
