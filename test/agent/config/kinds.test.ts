/** Every number of the schema, whoever adds it: a least, a most, and nothing that it is made into overflows. */
import t from 'tap'
import { z } from '../../../agent/config/kinds.js'
import { parseConfig } from '../../../agent/config/load.js'
import { Config } from '../../../agent/config/schema.js'

interface Node {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Record<string, Node>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}
interface Leaf {
  readonly path: readonly (string | number)[]
  readonly node: Node
}

function leaves(node: Node, path: Leaf['path'] = []): Leaf[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([key, inner]) => leaves(inner, [...path, key]))
  const forms = (node.anyOf ?? []).flatMap((form) => leaves(form, path))
  return [{ path, node }, ...below, ...forms, ...(node.items ? leaves(node.items, [...path, 0]) : [])]
}

const all = leaves(z.toJSONSchema(Config, { io: 'input' }) as Node)
const numbers = all.filter(({ node }) => node.type === 'number' || node.type === 'integer')

const TIMER = 2 ** 31 - 1
/** What a unit in a key's name is made into, and how much of that there can be. */
const units: [RegExp, (value: number) => number, number][] = [
  [/PerSecond$|^fps$/, (n) => 1000 / n, TIMER],
  [/Seconds$/, (n) => n * 1000, TIMER],
  [/(?<!Per)Minutes$/, (n) => n * 60_000, Number.MAX_SAFE_INTEGER],
  [/Hours$/, (n) => n * 3_600_000, Number.MAX_SAFE_INTEGER],
  [/Days$/, (n) => n * 86_400_000, Number.MAX_SAFE_INTEGER],
  [/Megabytes$/, (n) => n * 1e6, Number.MAX_SAFE_INTEGER],
]

/** What an entry of a list cannot do without. */
const needed: Record<string, string[]> = { events: ['class: car'], zones: ['name: a', 'polygon: []'] }

function nested([key, ...below]: Leaf['path'], written: string): string {
  const [first, ...rest] = below
  if (first === undefined || (first === 0 && rest.length === 0)) return `${key}: ${written}`
  if (first !== 0) return `${key}: {${nested(below, written)}}`
  const beside = (needed[String(key)] ?? []).filter((one) => !one.startsWith(`${rest[0]}: `))
  return `${key}: [{${[...beside, nested(rest, written)].join(', ')}}]`
}

/** A configuration with this one value in it. */
function withValue(path: Leaf['path'], written: string): string {
  const lines = { cameras: ['  - id: a', '    source: x.mp4'], rest: [] as string[] }
  if (path[0] === 'cameras') lines.cameras.push(`    ${nested(path.slice(2), written)}`)
  else lines.rest.push(nested(path, written))
  return ['cameras:', ...lines.cameras, ...lines.rest, ''].join('\n')
}

const at = (value: unknown, path: Leaf['path']): unknown =>
  path.reduce((inner, key) => (inner as Record<string | number, unknown>)[key], value)

t.test('the walk finds them', async (t) => {
  t.ok(numbers.length > 12)
  for (const known of ['cameras.0.stallSeconds', 'cameras.0.publish.everySeconds'])
    t.ok(numbers.some(({ path }) => path.join('.') === known))
})

for (const { path, node } of numbers) {
  const name = path.join('.')
  t.test(name, async (t) => {
    const { minimum = Number.NaN, maximum = Number.NaN } = node
    t.ok(minimum >= 0 && maximum < Number.MAX_SAFE_INTEGER, `${minimum} to ${maximum}`)
    const unit = units.find(([pattern]) => pattern.test(String(path.at(-1))))
    const extremes = [
      ...[
        minimum,
        maximum,
        minimum - 1,
        maximum + 1,
        maximum * 1000,
        -minimum,
        0,
        1,
        1.5,
        3_000_000,
        2 ** 31,
        2 ** 53,
        -1,
      ],
      ...['1e308', '-1e308', '1e-7', '5e-324', '-0', '0.0', '.inf', '-.inf', '.nan', '1e400', '0x7fffffff', '0o777'],
    ]
    for (const written of extremes.map(String)) {
      let config: unknown
      try {
        config = parseConfig(withValue(path, written), 'box.yaml')
      } catch (error) {
        t.match(error, { exitCode: 78 })
        t.match((error as Error).message, new RegExp(`^box\\.yaml:\\d+: ${name}: `), written)
        continue
      }
      const value = at(config, path) as number
      t.ok(value >= minimum && value <= maximum, `${written} was taken`)
      if (!unit) continue
      const made = unit[1](value)
      t.ok(made <= unit[2], `${written} is made into ${made}`)
    }
  })
}

t.test('what is no number, in every place of one; what is no text, in every place of one', async (t) => {
  const wrong = ['~', '""', '"10"', 'ten', '10s', '[1]', '{a: 1}', 'true']
  for (const { path } of numbers)
    for (const written of wrong)
      t.throws(
        () => parseConfig(withValue(path, written), 'box.yaml'),
        { name: 'AgentError' },
        `${path.join('.')}: ${written}`,
      )
  for (const { path, node } of all.filter(({ node }) => node.type === 'string' && !('enum' in node))) {
    const name = path.join('.')
    if (name === 'cameras.0.id' || name === 'cameras.0.source') continue // set by every configuration
    t.throws(() => parseConfig(withValue(path, '1234'), 'box.yaml'), /put it in quotes/, `${name} ${node.type}`)
    for (const written of ['~', '""', '1e3', 'true', '[a]', '{a: 1}'])
      t.throws(() => parseConfig(withValue(path, written), 'box.yaml'), { name: 'AgentError' }, `${name}: ${written}`)
  }
})
