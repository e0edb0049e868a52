import t from 'tap'
import { readYaml, writeYaml, YamlFault } from '../../../agent/config/yaml.js'

function fault(text: string): string {
  try {
    readYaml(text)
  } catch (error) {
    t.ok(error instanceof YamlFault, String(error))
    return `${(error as YamlFault).line}: ${(error as Error).message}`
  }
  return ''
}

t.test('every fault behind which the text still means what it says, and the first of another kind', async (t) => {
  const all = (text: string): string[] => {
    try {
      readYaml(text)
    } catch (error) {
      return (error as YamlFault).all.map(({ line, message }) => `${line}: ${message}`)
    }
    return []
  }
  const twice = 'a: 1\na: 2\nb: !secret x\nc: 1\nc: 2\n'
  t.match(all(twice), [/^2: .*'a'.*second time/, /^3: .*tag/, /^5: .*'c'.*second time/])
  t.match(all(`${twice}d: [1\ne: 2\nf: 3\nf: 4\n`).slice(3), [/^6: /])
  t.equal(all(`${twice}d: [1\ne: 2\nf: 3\nf: 4\n`).length, 4)
})

t.test('where each key stands, and how its value was written', async (t) => {
  const yaml = readYaml('a: 007\nb:\n  - c: x # why\n    d:\n')
  t.strictSame(yaml.value, { a: 7, b: [{ c: 'x', d: null }] })
  t.equal(yaml.lineOf(['b', 0, 'd']), 4)
  t.equal(yaml.lineOf(['b', 0, 'missing']), 3, 'the line of what it would be in')
  t.equal(yaml.lineOf(['b', 7, 'x']), 2)
  t.equal(yaml.written(['a']), '007')
  t.match(yaml.comment(['b', 0, 'c']), 'why')
  t.equal(yaml.written(['b']), undefined)
})

t.test('anchors, aliases and merge keys', async (t) => {
  const { value } = readYaml('all:\n  - &a\n    id: a\n    fps: 5\n  - <<: *a\n    id: b\n')
  t.strictSame(value, {
    all: [
      { id: 'a', fps: 5 },
      { id: 'b', fps: 5 },
    ],
  })
})

t.test('what editors do to files', async (t) => {
  t.strictSame(readYaml('a: 1\r\nb: x\r\n').value, { a: 1, b: 'x' })
  t.equal(readYaml('').value, null)
  t.equal(readYaml('# nothing\n').value, null)
})

t.test('what is no YAML, and what to do about it', async (t) => {
  const cases: [string, RegExp][] = [
    ['a: 1\nb: 2\na: 3\n', /^3: .*'a'.*second time/],
    ['a:\n\tb: 1\n', /^2: .*tab.*spaces/],
    ['a: 1\n---\nb: 2\n', /^2: .*second document/],
    ['a: 1\nb: c: 2\n', /^2: two keys on one line; write the second in braces, {key: value}/],
    ['a: !secret hidden\n', /^1: .*tag.*quotes/],
    ['a: @x\n', /^1: .*quotes/],
    ['a: %x\n', /^1: .*quotes/],
    ['a: *hidden\n', /^1: .*anchor.*quotes/],
    ['a: b: c\n', /^1: .*quotes/],
    ['? [a]\n: b\n', /^1: .*plain word/],
    ['a: [hidden\nb: 2\n', /^1: .*\]/],
    ['b: [1]\na: {c: [2],\n  d: hidden\nb: 2\n', /^2: .*\}/],
    ["b: 'y'\na: 'hidden\nc: d\n", /^2: .*quote/i],
    ['a: "\\hidden"\n', /^1: .*single quotes/],
    ['a: |hidden\n', /^1: .*\| or >.*single quotes/],
    ['a: >hidden1\n', /^1: .*\| or >.*single quotes/],
    ['a: "x"hidden\n', /^1: .*single quotes/],
    ["a: 'it's hidden'\n", /^1: .*single quotes/],
    ['a: ]hidden\n', /^1: .*quotes/],
    ['a: `hidden\n', /^1: .*quotes/],
    ['%hidden\n---\na: 1\n', /^1: .*quotes/],
    ['a: !!hidden x\n', /^1: .*tag/],
    ['<<: hidden\n', /^1: .*<</],
    ['a: {b: 1, x,hidden,hidden}\n', /^1: a key .*second time/],
    ['a: &hidden: x\n', /^1: .*quotes/],
    ['b: 1\nhidden\n', /^2: .*quotes/],
    ['hidden\nb: 1\n', /^1: .*quotes/],
    ['['.repeat(50_000), /^1: .*deep/],
    ['a: {'.repeat(20_000), /^1: .*deep/],
    ['- '.repeat(50_000), /^1: .*deep/],
    ['a: 1\n'.repeat(60_000), /^1: .*longer/],
  ]
  for (const [text, words] of cases) {
    t.match(fault(text), words)
    t.notMatch(fault(text), 'hidden', 'what may be a secret is not repeated')
  }
  let bomb = 'a: &a [x, x, x, x, x, x, x, x]\n'
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) bomb += `${to}: &${to} [${`*${from}, `.repeat(8)}]\n`
  t.match(fault(bomb), /aliases/)
})

t.test('a value is written on one line, and read as what it was', async (t) => {
  for (const value of [
    '---_',
    '...',
    'a: b',
    ' # a',
    '"',
    'null',
    '1e3',
    'ä',
    '',
    1.5,
    true,
    [[0.1, 1]],
    { everySeconds: 60 },
  ]) {
    t.notMatch(writeYaml(value), /\n/)
    t.strictSame(readYaml(`key: ${writeYaml(value)}\nother: 1`).value, { key: value, other: 1 })
  }
})
