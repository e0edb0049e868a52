/** Whole clips as bitstreams, for the other processors to decode: node clips.js FOLDER-OF-CLIPS OUT. Prints what check.ts is to find. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleDir } from '../../agent/bundles.js'
import { Encoder, Packer } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { shortHash } from '../../contract/hex.js'
import { clips } from '../bench/codec/material.js'

const [folder, out] = process.argv.slice(2)
if (!folder || !out) throw new Error('usage: node dist/test/processor/clips.js FOLDER-OF-CLIPS OUT')
mkdirSync(out, { recursive: true })
const bundle = openBundle(bundleDir('lean-1'))
const coding = codingOf(bundle)
for (const { name, width, height, symbols } of await clips(folder, bundle, 300)) {
  const expected = createHash('sha256')
  for (const frame of symbols) expected.update(frame)
  const hash = expected.digest('hex')
  for (const profile of ['static', 'fast', 'max'] as const) {
    const encoder = new Encoder(profile, coding, { height: height / 8, width: width / 8 })
    const packer = new Packer(coding.contextHash)
    const hashes = { bundle: shortHash(bundle.sha256), tables: coding.tablesHash }
    const records = symbols.map((frame, seq) => {
      const info = { mode: 0, ...hashes, camera: 'clip', boot: '00'.repeat(8), seq, timeUs: 1e15 + seq * 1e5 }
      const coded = encoder.encode(frame, { key: seq % 50 === 0 })
      return packer.pack({ ...info, width, height, channels: 16, levels: 6, stride: 8 }, coded)
    })
    const stream = Buffer.concat(records)
    writeFileSync(join(out, `${name}-${profile}.bsf`), stream)
    console.log(`${name}-${profile}.bsf ${symbols.length} ${hash} ${createHash('sha256').update(stream).digest('hex')}`)
  }
}
