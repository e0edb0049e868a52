/** An archive, its bitstreams as files, and an archive made of those again. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { rebuild } from '../../../agent/archive/rebuild.js'
import { packSegment } from '../../../codec/index.js'
import { frames, infoAt, records } from '../../codec/scene.js'

const { camera: cam, boot } = infoAt(0)
const all = records(frames(1, 12), 'max', 4, 100)

/** Archive of three segments, and the two files that hold them. */
function setting(t: Test) {
  const dir = t.testdir({ from: {}, to: {} })
  const archive = Archive.open(join(dir, 'from'))
  all.forEach((bits, i) => {
    const { seq, timeUs, bundle: model } = infoAt(100 + i)
    const sha256 = createHash('sha256').update(bits).digest('hex')
    archive.commit({ cam, boot, seq, timeUs, keySeq: seq - (i % 4), bits, sha256, model, result: '{}', parts: 0 })
  })
  const rows = archive.list({ cursor: 0, limit: 500 })
  archive.close()
  const files = [join(dir, 'b.bsf'), join(dir, 'a.bsf')]
  writeFileSync(files[0]!, Buffer.concat([packSegment(all.slice(4, 8)), ...all.slice(8)]))
  writeFileSync(files[1]!, packSegment(all.slice(0, 4)))
  return { to: join(dir, 'to'), rows, files }
}

const rowsOf = (dir: string) => {
  const archive = Archive.open(dir)
  const rows = archive.list({ cursor: 0, limit: 500 })
  const bits = rows.map(({ id, bytes }) => archive.readBits(id, 0, bytes))
  archive.close()
  return { rows, bits }
}

t.test('all that the archive knew of its frames comes back from the files, in the order of time', async (t) => {
  const { to, rows, files } = setting(t)
  t.strictSame(
    rebuild(files, to, () => {}),
    { files: 2, added: 12, kept: 0, damaged: 0 },
  )
  const again = rowsOf(to)
  t.strictSame(again.rows, rows)
  t.strictSame(
    again.bits.map((bits) => Buffer.compare(bits, all[again.bits.indexOf(bits)]!)),
    Array(12).fill(0),
  )
  t.match(
    rebuild(files, to, () => {}),
    { added: 0, kept: 12 },
    'a second time changes nothing',
  )
})

t.test('damage is said, and the rest is taken', async (t) => {
  const { to, files } = setting(t)
  const bytes = Buffer.concat([packSegment(all.slice(0, 4)), packSegment(all.slice(4, 8))])
  bytes[packSegment(all.slice(0, 4)).length - 6]! ^= 1
  writeFileSync(files[0]!, bytes)
  const said: string[] = []
  t.match(
    rebuild([files[0]!], to, (line) => said.push(line)),
    { added: 7, damaged: 1 },
  )
  t.match(said[0], /b\.bsf: bytes \d+ to \d+ passed over: .*checksum|CRC/)
})

t.test('not while an agent runs there, and not of a file that is not there', async (t) => {
  const { to, files } = setting(t)
  t.throws(() => rebuild(['/nowhere.bsf'], to, () => {}), { exitCode: 3, message: /nowhere\.bsf: cannot be read/ })
  const agent = Archive.open(to)
  t.throws(() => rebuild(files, to, () => {}), { message: /another running blindsight/ })
  agent.close()
})
