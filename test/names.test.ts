/** A source has a test of the same path and name: whoever changes one knows where the other is, and what has none is seen. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/** Rooms where it holds for every source. */
const rooms = ['client', 'contract', 'cli', join('agent', 'retrieve')]

/** What has nothing of its own to be tested, and why. */
const without: Record<string, string> = {
  'client/index.ts': 'names what others do; index.long.ts tests it as a package',
  'client/store/engine.ts': 'types alone',
  'client/store/store.ts': 'types, and an error without behaviour; suite.ts holds what it says of both databases',
  'client/store/tables.ts': 'types, and the numbers of kinds',
  'client/view/source.ts': 'types alone',
  'client/view/page/decoder/protocol.ts': 'types alone',
  'client/view/page/main.tsx': 'renders the page where it belongs; every test in Chromium begins with it',
}

const sources = rooms.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(room, name)),
)
const testsOf = (source: string): string[] =>
  ['.test.ts', '.test.tsx', '.long.ts'].map((ending) => join('test', source.replace(/\.tsx?$/, ending)))

t.test('each source has a test of its name', async (t) => {
  t.ok(sources.length > 150)
  const lacking = sources.filter((source) => !(source in without) && !testsOf(source).some(existsSync))
  t.strictSame(lacking, [], 'test them, in files of these paths under test/')
})

t.test('what is said to need none is there, and has none', async (t) => {
  const odd = Object.keys(without).filter(
    (source) => !existsSync(source) || (!/index\.ts$/.test(source) && testsOf(source).some(existsSync)),
  )
  t.strictSame(odd, [])
})
