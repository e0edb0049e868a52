import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { getArchive } from '../../../client/fetch/get.js'
import { BoxError, NoAnswer, type Requester } from '../../../client/fetch/requester.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'

/** A box with segments of a frame each. */
function setting(t: Test) {
  const dir = t.testdir()
  const bundle = makeBundle(join(dir, 'bundles'))
  const out = join(dir, 'out')
  const has = new Map([1, 2].map((seq) => [`street/${boot}/${seq}`, Buffer.from(makeFrame(bundle, seq))]))
  const told = { written: 0, kept: 0, failed: [] as string[] }
  const asked: string[] = []
  const requester = {
    async ask(_: string, { ref }: { ref: string }, accept: (answer: object) => boolean) {
      asked.push(ref)
      const bytes = has.get(ref)
      if (!bytes) throw new BoxError('evicted', 'the archive was full')
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      accept({ status: 'ok', ref, off: 0, total: bytes.length, sha256, data: bytes.toString('base64') })
    },
  } as unknown as Requester
  const events = {
    written: () => void told.written++,
    kept: () => void told.kept++,
    failed: ({ message }: Error) => void told.failed.push(message),
  }
  const get = (...wanted: [ref: string, upTo: number][]) =>
    getArchive(
      requester,
      (async function* () {
        for (const [ref, upTo] of wanted) yield { ref, upTo }
      })(),
      out,
      events,
    )
  return { out, has, told, asked, requester, get, ref: (seq: number) => `street/${boot}/${seq}` }
}

t.test('written once; what is short or damaged is fetched again', async (t) => {
  const { out, has, told, asked, get, ref } = setting(t)
  await get([ref(1), 1], [ref(2), 2])
  t.strictSame(readdirSync(out), [`street-${boot}-1.bsf`, `street-${boot}-2.bsf`])
  await get([ref(1), 1], [ref(2), 2])
  t.match(told, { written: 2, kept: 2, failed: [] })
  const file = join(out, `street-${boot}-2.bsf`)
  writeFileSync(file, 'damaged')
  await get([ref(2), 2])
  t.ok(readFileSync(file).equals(has.get(ref(2))!))
  t.equal(asked.length, 3)
})

t.test('what cannot be had is told, and the others come', async (t) => {
  const { out, has, told, get, ref } = setting(t)
  has.set(ref(3), Buffer.from('no bitstream'))
  await get([ref(9), 9], [ref(3), 3], [ref(1), 5], [ref(2), 2])
  t.equal(told.failed.length, 3)
  t.match(told.failed.join('\n'), /answered evicted.*9: /)
  t.match(told.failed.join('\n'), /own copy is damaged, street.*\/1: sound and written up to seq 1/)
  t.match(told.failed.join('\n'), /own copy is damaged, street.*\/3: sound and written up to seq -1/)
  t.notOk(existsSync(join(out, `street-${boot}-3.bsf`)), 'nothing that is not sound is written')
  t.equal(told.written, 1)
})

t.test('a silent box will be silent for the next one too', async (t) => {
  const { asked, told, requester, get, ref } = setting(t)
  requester.ask = async () => {
    asked.push('?')
    throw new NoAnswer('no answer within 10 s')
  }
  await t.rejects(get(...Array.from({ length: 20 }, (_, i): [string, number] => [ref(i), i])), { code: 'answer' })
  t.ok(asked.length < 20)
  t.strictSame(told.failed, [])
})
