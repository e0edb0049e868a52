/** YAML and JSON on the pages: a configuration is accepted, a message is one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { parseConfig } from '../../agent/config/load.js'
import { Config } from '../../agent/config/schema.js'
import { ClassifyResult, EventMessage, NowMessage, SegmentResult } from '../../contract/messages.js'
import { pages } from './pages.js'

const blocks = pages().flatMap((page) => page.blocks)

/** Whose YAML is somebody else's, by the first key. */
const others = new Map([
  ['scrape_configs', 'Prometheus'],
  ['groups', 'rules of Prometheus'],
  ['triggers', 'an automation of Home Assistant'],
])

t.test('YAML is a configuration, or a part of one', async (t) => {
  const secrets = t.testdir()
  for (const { at, text } of blocks.filter(({ language }) => language === 'yaml')) {
    const keys = Object.keys(parse(text))
    if (others.has(keys[0]!)) continue
    t.strictSame(
      keys.filter((key) => !(key in Config.shape)),
      [],
      `${at}: keys of the configuration`,
    )
    const whole = completed(text, secrets)
    t.doesNotThrow(() => parseConfig(whole, at), at)
  }
})

t.test('JSON can be read, and what has the form of a message is one', async (t) => {
  for (const block of blocks.filter(({ language }) => language === 'json')) {
    const value = JSON.parse(block.text)
    const schema = schemaOf(value)
    if (schema) t.doesNotThrow(() => schema.parse(value), block.at)
  }
})

/** A part that says nothing of cameras gets one, a camera without a source too; secrets are in files that are there. */
function completed(text: string, secrets: string): string {
  for (const [, path] of text.matchAll(/File: (\/etc\/[^\s#]+)/g)) {
    mkdirSync(join(secrets, '/etc/blindsight'), { recursive: true })
    writeFileSync(join(secrets, path!), 'secret\n')
  }
  const here = text.replaceAll('/etc/blindsight/', `${secrets}/etc/blindsight/`)
  if (!/^cameras:/m.test(here)) return `${here}\ncameras: [{id: street, source: 'rtsp://camera.local/stream'}]\n`
  return /source:/.test(here) ? here : here.replace(/^( *)- id: .*$/m, '$&\n$1  source: rtsp://camera.local/stream')
}

function schemaOf(value: object): { parse(value: unknown): unknown } | undefined {
  if ('phase' in value) return EventMessage
  if ('present' in value) return NowMessage
  if ('cls' in value) return ClassifyResult
  return 'seg' in value ? SegmentResult : undefined
}
