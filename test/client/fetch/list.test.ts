import t from 'tap'
import { describedLine, describeFrame, listArchive, listEvents } from '../../../client/fetch/list.js'
import type { Requester } from '../../../client/fetch/requester.js'

function boxOf(...pages: object[]) {
  const asked: unknown[] = []
  const requester = {
    async ask(verb: string, body: object, accept: (answer: object) => boolean) {
      asked.push([verb, body])
      accept(pages[asked.length - 1])
    },
  } as unknown as Requester
  return { requester, asked }
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

t.test('page after page', async (t) => {
  const { requester, asked } = boxOf({ items: ['a', 'b'], cursor: '2' }, { items: ['c'] })
  t.strictSame(await all(listArchive(requester, { cam: 'street' })), ['a', 'b', 'c'] as never)
  t.strictSame(asked, [
    ['list', { cam: 'street', limit: 100 }],
    ['list', { cam: 'street', limit: 100, cursor: '2' }],
  ])
})

t.test('who wants no more asks no more', async (t) => {
  const { requester, asked } = boxOf({ items: ['a', 'b'], cursor: '2' })
  for await (const _ of listEvents(requester, {})) break
  t.match(asked, [['events', {}]])
})

t.test('a box that repeats itself would be asked for ever', async (t) => {
  const page = { items: ['a'], cursor: '2' }
  await t.rejects(all(listArchive(boxOf(page, page).requester, {})), {
    code: 'answer',
    message: /^the box repeats itself/,
  })
})

t.test('one frame, and how it is told', async (t) => {
  const item = {
    ref: 'street/r/1',
    ts: '2026-05-01T08:00:00Z',
    bytes: 70,
    sha256: 'ab'.repeat(32),
    key: true,
    pinned: false,
  }
  const { requester, asked } = boxOf({ item })
  const found = await describeFrame(requester, item.ref)
  t.strictSame(asked, [['describe', { ref: item.ref }]])
  t.equal(describedLine(found), '2026-05-01T08:00:00Z street/r/1 key 70 bytes abababababab')
  const more = { ...found, key: false, pinned: true, clk: 'unsynced' } as const
  t.match(describedLine(more), /predicted 70 bytes abababababab pinned unsynced$/)
})
