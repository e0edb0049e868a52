/** docs/reference/metrics.md: what the agent and a collector register with prom-client. */
import { catalogue } from '../../../agent/http/metrics.js'
import { Figures } from '../../../client/collect/figures.js'
import { code, page, plain, table } from './markdown.js'

const INTRO =
  'For Prometheus, in base units, counters as counters. How to have them collected: [how-to/prometheus-grafana.md](../how-to/prometheus-grafana.md).'

const AGENT =
  '`http: {port: 9464}` in the configuration serves `/metrics` and `/healthz`. Most figures are those of the [health message](messages.md#health) under another name.'

const COLLECTOR = '`blindsight collect --http 127.0.0.1:9465` serves the same two.'

export function metricsPage(): string {
  return page(
    'Metrics',
    INTRO,
    '## A box',
    AGENT,
    rows(catalogue()),
    '## A collector',
    COLLECTOR,
    rows(
      new Figures(
        () => {},
        () => 0,
      ).catalogue(),
    ),
  )
}

const rows = (metrics: ReturnType<typeof catalogue>): string =>
  table(
    ['metric', 'kind', 'labels', 'what'],
    metrics.map(({ name, kind, labels, help }) => [code(name), kind, labels.join(', '), plain(help)]),
  )
