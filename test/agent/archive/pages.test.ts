import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import Database from 'better-sqlite3'
import t from 'tap'
import { kindOf, PageKind, type Row, rowsOf } from '../../../agent/archive/cells.js'
import { Pages } from '../../../agent/archive/pages.js'
import { PendingFrames } from '../../../agent/archive/pending.js'

for (const pageSize of [512, 4096, 65536])
  t.test(`rows as SQLite wrote them, pages of ${pageSize} bytes`, async (t) => {
    const path = join(t.testdir(), 'db.sqlite')
    const db = new Database(path)
    db.pragma(`page_size = ${pageSize}`)
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d); BEGIN')
    const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?)')
    const wanted: Row[] = []
    const numbers = [0, 1, -1, 127, -128, 32767, 8_388_607, -8_388_608, 2 ** 31, 2 ** 40, -(2 ** 47), 2 ** 52, 0.5]
    for (let i = 0; i < 200; i++) {
      const row = [numbers[i % numbers.length]!, 'ä'.repeat(i), Buffer.alloc((i * 37) % 9000, i), null] as const
      insert.run(i * 1000 + 1, ...row.map((v) => (Number.isInteger(v) ? BigInt(v as number) : v)))
      wanted.push({ rowid: i * 1000 + 1, values: [null, ...row] })
    }
    db.exec('COMMIT')
    db.close()
    const pages = Pages.open(path)
    t.equal(pages.size, pageSize)
    const found: (Row | undefined)[] = []
    for (let page = 2; page <= pages.count; page++) {
      const bytes = pages.read(page)!
      if (kindOf(bytes, page) === PageKind.tableLeaf) found.push(...rowsOf(bytes, page, (n) => pages.readApart(n)))
    }
    const sorted = found.filter((row) => row?.values.length === 5).sort((a, b) => a!.rowid - b!.rowid)
    t.ok(isDeepStrictEqual(sorted, wanted), 'every row') // t.strictSame would print them all
    t.equal(pages.read(pages.count + 1), undefined)
    t.equal(pages.readApart(0), undefined)
    pages.close()
  })

t.test('a page of any bytes gives rows or nothing, and never an error', async (t) => {
  const page = Buffer.alloc(4096)
  let seed = 1
  const pending = new PendingFrames()
  for (let run = 0; run < 300; run++) {
    for (let i = 0; i < page.length; i += 1 + (run % 7)) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      page[i] = seed >>> 24
    }
    for (const number of [1, 2])
      for (const kind of Object.values(PageKind)) {
        page[number === 1 ? 100 : 0] = kind
        page[(number === 1 ? 100 : 0) + 3] = 0
        for (const _ of rowsOf(page, number, () => undefined));
        pending.see(page, number)
      }
  }
  pending.complete(() => page)
  t.pass()
})
