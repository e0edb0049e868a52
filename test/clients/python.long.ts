/** pytest of clients/python, with what only this side can make: damaged files as codec/ reads them, a collector's store, a picture. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Graph } from '../../client/decode/onnx.js'
import { openStore } from '../../client/store/open.js'
import { Decoder, type FrameRecord, type Piece, readArchive } from '../../codec/index.js'
import { graphPath, openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { Box } from '../client/box.js'
import { Mosquitto } from '../client/mosquitto.js'
import { at, cls, evt } from '../client/store/suite.js'
import { seeded } from '../codec/samples.js'
import { python, root } from '../models/python.js'

const golden = (name: string) => readFileSync(join(root, 'test/fixtures/codec', name))

/** What tests/test_archive.py says of a piece. */
function said(piece: Piece): unknown[] {
  if (piece.kind === 'index') return ['index', piece.offset, piece.index.seq, piece.index.frames.length]
  if (piece.kind !== 'damage') return ['record', piece.offset, piece.seq, piece.crc]
  const { offset, end, error, segment } = piece
  const name = segment ? `${segment.camera}/${segment.boot}/${segment.seq}` : null
  return ['damage', offset, end, error.code, name, segment?.firstLost ?? null, segment?.lost ?? null]
}

/** Files with a few bytes changed, cut out or put in, of one or two streams. */
function damaged(dir: string): void {
  const random = seeded(18)
  const below = (limit: number) => Math.floor(random() * limit)
  const streams = ['segments-fast-v2.bin', 'segments-max-v2.bin', 'segments-static-v2.bin', 'record-v1.bin'].map(golden)
  const expected = Array.from({ length: 400 }, (_, number) => {
    let bytes = Buffer.concat(Array.from({ length: 1 + below(2) }, () => streams[below(streams.length)]))
    for (let fault = below(4); fault >= 0; fault--) {
      const place = below(bytes.length)
      const length = below(60)
      if (fault % 3 === 0) bytes[place] ^= 1 << below(8)
      else if (fault % 3 === 1) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)])
      else bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(below(place + 1))])
    }
    writeFileSync(join(dir, `damaged-${number}.bin`), bytes)
    return [...readArchive(bytes)].map(said)
  })
  writeFileSync(join(dir, 'pieces.json'), JSON.stringify(expected))
}

async function store(dir: string): Promise<void> {
  const fleet = await openStore(join(dir, 'fleet.sqlite'))
  const results = [0, 1, 2, 3, 4].map((seq) => cls(seq))
  await fleet.commit([...results, evt('street-1', 'start', 2), evt('street-1', 'end', 4)], at)
  await fleet.close()
}

async function picture(dir: string): Promise<void> {
  const bundle = openBundle(join(root, 'models/bundles/lean-1'))
  const [key] = [...readArchive(golden('lean-1-fast-v2.bin'))].filter(
    (piece): piece is FrameRecord => piece.kind === 'key',
  )
  const { frame, symbols } = new Decoder(codingOf(bundle)).decode(key)
  const { channels, width, height, stride } = frame
  const graph = await Graph.open(graphPath(bundle, 'decoder'))
  const shape = [1, channels, height / stride, width / stride]
  writeFileSync(join(dir, 'picture.rgb'), (await graph.run(symbols, shape, 'frame', [1, height, width, 3])).data)
  await graph.close()
}

t.test('the Python kit', async (t) => {
  const dir = t.testdir({})
  damaged(dir)
  await store(dir)
  await picture(dir)
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const box = await Box.start(broker.url, 'gate-1', 'fleet')
  t.teardown(() => box.stop())
  writeFileSync(join(dir, 'broker'), broker.url)
  // Retained, which results never are: there whenever the kit begins to listen.
  for (const seq of [1, 2]) await box.publish(`fleet/v1/gate-1/cam/street-${seq}/cls`, { v: 1, seq }, true)

  const env = { ...process.env, BLINDSIGHT_MADE: dir, PYTHONDONTWRITEBYTECODE: '1' }
  const child = spawn(python, ['-m', 'pytest', '-rs'], { cwd: join(root, 'clients/python'), env, stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  t.equal(code, 0, output)
  t.notMatch(output, /SKIPPED/, 'all of it')
})
