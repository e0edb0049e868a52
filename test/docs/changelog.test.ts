/** CHANGELOG.md by Keep a Changelog, and one version everywhere. */
import { readFileSync } from 'node:fs'
import t from 'tap'

const text = readFileSync('CHANGELOG.md', 'utf8')
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const releases = text.split(/^## /m).slice(1)

t.test('releases: newest first, each with its day, after what is to come', (t) => {
  const [coming, ...rest] = releases.map((release) => release.split('\n')[0]!)
  t.equal(coming, 'Unreleased')
  t.ok(rest[0]!.startsWith(`${version} - `), `${rest[0]}: package.json says ${version}`)
  for (const heading of rest) t.match(heading, /^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/)
  const days = rest.map((heading) => heading.split(' - ')[1]!)
  t.strictSame(days, [...days].sort().reverse())
  t.end()
})

t.test('what changed stands under one of six headings', (t) => {
  for (const release of releases) {
    const [head, ...groups] = release.split(/^### /m)
    t.notMatch(head, /^- /m, 'nothing stands outside')
    for (const group of groups) t.match(group, /^(Added|Changed|Deprecated|Removed|Fixed|Security)\n\n- /)
  }
  t.end()
})

t.test('the Python kit has the same version', (t) => {
  t.match(readFileSync('clients/python/pyproject.toml', 'utf8'), `version = "${version}"`)
  t.end()
})
