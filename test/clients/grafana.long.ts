/** The dashboard's queries, with what Grafana puts in the place of its macros, against a real PostgreSQL with something of everything. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { openStore } from '../../client/store/open.js'
import { Postgres } from '../client/store/postgres.js'
import { at, bits, cls, evt, records } from '../client/store/suite.js'

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly rawSql: string; readonly format: string }[]
}
const dashboard = JSON.parse(readFileSync('clients/grafana/fleet.json', 'utf8'))
const panels: Panel[] = dashboard.panels
const variables: { name: string; type: string; query: string }[] = dashboard.templating.list

const filled = (sql: string): string =>
  sql
    .replace(/\$__timeFilter\(([^)]+)\)/g, "$1 BETWEEN '2026-04-01T00:00:00Z' AND '2027-01-01T00:00:00Z'")
    .replace(/\$__timeGroupAlias\(([^,]+), \$__interval\)/g, 'floor(extract(epoch from $1)/60)*60 AS "time"')
    .replaceAll('$dev', "'gate-1','gate-2'")

t.test('the dashboard', async (t) => {
  const server = await Postgres.start()
  t.teardown(() => server.stop())
  const url = await server.fresh()
  const store = await openStore(url)
  const of = (seq: number) => cls(seq, { motion: 0.25 })
  await store.commit([of(1), of(2), of(6), evt('a', 'start', 1), evt('a', 'end', 2), evt('b', 'start', 2)], at)
  await store.commit(
    records().map((record) => bits(record)),
    at,
  )
  const [loose] = await store.loose()
  const segment = {
    seq: 0,
    last: 3,
    frames: 4,
    from: at,
    to: at,
    bytes: 100,
    sha256: 'ab',
    bundle: 'cd',
    place: 'a/b.bsf',
  }
  await store.claim(segment.place, at)
  await store.seal(loose.stream.id, segment)
  await store.gone((await store.coverage())[0].stream.id, ['cls'], [{ from: 3, to: 4 }], 'evicted', at)
  await store.note({ dev: 'gate-1', at, what: 'state', state: 'degraded', reason: 'disk', session: 's' })
  await store.note({
    dev: 'gate-1',
    at,
    what: 'health',
    json: '{"archive": {"days_left": 3.5}, "outbox": {"frames": 7}}',
  })
  await store.note({ dev: 'gate-1', at, what: 'camera', cam: 'street', state: 'offline', reason: 'refused', since: at })
  await store.reject({ at, topic: 'x', reason: 'no JSON', payload: Buffer.from('{') })
  await store.close()
  const ask = (sql: string) => server.ask(filled(sql), url.split('/').at(-1))

  t.test('every query has an answer of the shape that its panel takes', async (t) => {
    for (const { title, targets } of panels) {
      for (const { rawSql, format } of targets) {
        const { rows, fields } = await ask(rawSql)
        t.ok(rows.length > 0, `${title}: ${rows.length} rows`)
        t.notMatch(filled(rawSql), /\$/, 'no macro that the test does not know')
        if (format !== 'time_series') continue
        t.strictSame(
          fields.map(({ name }) => name),
          ['time', 'metric', 'value'],
          title,
        )
        t.ok(
          rows.every(({ value, metric }) => Number.isFinite(Number(value)) && typeof metric === 'string'),
          title,
        )
      }
    }
  })

  t.test('and is right', async (t) => {
    const rowsOf = async (title: string) =>
      (await ask(panels.find((panel) => panel.title === title)!.targets[0].rawSql)).rows
    t.match(await rowsOf('Boxes'), [{ dev: 'gate-1', state: 'degraded', days_left: 3.5, outbox: '7' }])
    t.match(await rowsOf('Latest events'), [
      { label: 'person', seconds: null },
      { label: 'person', zone: 'yard' },
    ])
    t.match(await rowsOf('Gone for good'), [{ dev: 'gate-1', reason: 'evicted', messages: '2' }])
    t.match(await rowsOf('Motion'), [{ metric: 'gate-1/street', value: 0.25 }])
    t.match(await rowsOf('Bitstreams'), [{ metric: 'gate-1', value: '100' }])
  })

  t.test('variables and places', async (t) => {
    const dev = variables.find(({ name }) => name === 'dev')!
    t.strictSame((await ask(dev.query)).rows, [{ dev: 'gate-1' }])
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const over = panels.filter(({ gridPos: a }) =>
      panels.some(
        ({ gridPos: b }) => a !== b && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      ),
    )
    t.strictSame(over, [], 'no panel over another')
  })
})
