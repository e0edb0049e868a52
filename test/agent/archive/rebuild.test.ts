/** An archive, its bitstreams as files, and an archive made of those again. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

t.test('old frames added to an archive that has newer ones: retention still takes the oldest first', async (t) => {
  const { to, files } = setting(t)
  rebuild([files[0]!], to, () => {})
  rebuild([files[1]!], to, () => {})
  const week = 7 * 86_400_000
  const limits = {
    maxAgeMs: 1e15,
    minFreeBytes: 0,
    outboxMaxBytes: 1e12,
    outboxMaxAgeMs: week,
    onFull: 'drop_oldest' as const,
    keepNewestMs: 0,
  }
  const archive = Archive.open(to)
  const later = { timeMs: 2e12, bootMs: 0, known: true, sure: true }
  archive.evictOldest({ ...limits, maxBytes: 1e12 }, later)
  t.equal(archive.list({ cursor: 0, limit: 500 }).length, 0)
  archive.close()
  const again = join(to, 'again')
  rebuild([files[0]!], again, () => {})
  rebuild([files[1]!], again, () => {})
  const limited = Archive.open(again)
  t.teardown(() => limited.close())
  const timeMs = (seq: number) => limited.find(cam, boot, seq)!.timeUs / 1000
  limited.enforce({ ...limits, maxBytes: 1e12, maxAgeMs: timeMs(111) - timeMs(104) }, later)
  t.strictSame(
    limited.list({ cursor: 0, limit: 500 }).map(({ seq }) => seq),
    [104, 105, 106, 107, 108, 109, 110, 111],
  )
})

t.test(
  'a folder stands for the bitstreams in it; a disk that is full is named, and what is there is kept',
  async (t) => {
    const { to, files } = setting(t)
    t.match(
      rebuild([dirname(files[0]!)], to, () => {}),
      { files: 2, added: 12 },
    )
    t.throws(() => rebuild([to], to, () => {}), { exitCode: 3, message: /has no \.bsf files/ })
    t.intercept(Archive.prototype, 'commit', {
      value: () => {
        throw new Error('database or disk is full')
      },
    })
    t.throws(() => rebuild(files, join(to, 'full'), () => {}), {
      exitCode: 3,
      message: /b?a?\.bsf \(database or disk is full\); make room/,
    })
  },
)
