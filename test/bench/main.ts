/** `npm run bench [-- --bundle ID --threads N --json]`: a table on stderr and one JSON object on stdout. */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { benchAgent } from './agent.js'
import { benchCodec } from './codec.js'

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: DEFAULT_BUNDLE },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
})
const codec = benchCodec()
const agent = await benchAgent(values.bundle, Number(values.threads))
const rows: [string, string, string][] = [
  [`(a) encode + ${agent.heads.join(' + ')} + code + commit`, `${agent.a_agent_ms} ms`, ''],
  [
    '(b) ResNet-50 on RGB',
    `${agent.b_resnet50_ms} ms`,
    `a / b = ${agent.a_over_b}; c / b = ${agent.c_over_b} (target at most 0.4)`,
  ],
  ['(c) bare ONNX Runtime of (a)', `${agent.c_bare_sessions_ms} ms`, `a / c = ${agent.a_over_c} (target at most 1.15)`],
  ['entropy coder, encode', `${(codec.symbols_per_s_encode / 1e6).toFixed(0)} M symbols/s`, '(target at least 40)'],
  ['entropy coder, decode', `${(codec.symbols_per_s_decode / 1e6).toFixed(0)} M symbols/s`, '(target at least 40)'],
  ['entropy coder, size over entropy', codec.size_over_entropy.toFixed(4), '(target at most 1.005 + 16 bytes)'],
]
console.error(`${agent.frame}, one frame at a time, ${agent.bundle}, ${agent.threads} threads, ${cpus()[0]?.model}`)
for (const [what, figure, note] of rows) console.error(`${what.padEnd(40)}${figure.padStart(18)}   ${note}`)
console.log(JSON.stringify({ agent, codec }))
