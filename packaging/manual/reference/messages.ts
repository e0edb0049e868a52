/** docs/reference/messages.md: topics and payloads, from the schemas, with an example of each that they accept. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../contract/package-root.js'
import { schemas } from '../schemas.js'
import { type Field, fieldsOf, inner, kind, type Schema } from './fields.js'
import { json } from './json.js'
import { capital, code, fence, page, plain, table } from './markdown.js'
import { published, QOS, REQUEST, RESPONSE, verbs } from './topics.js'

const INTRO = `All that a box says over MQTT, and what it can be asked. \`<base>\` is \`blindsight\` unless \`mqtt.base\` says otherwise; \`<device>\` and \`<cam>\` are the names in the
configuration. Payloads are JSON but for bitstreams; each has a JSON Schema in [docs/schema](../schema). A message may gain fields: ignore those that you do not know
([stability.md](stability.md)).

Delivery is at least once: the same message may come twice, after a lost connection or a restart. Of results, \`(dev, cam, boot, seq)\` and the kind tell which is which: \`boot\` is one run of
the agent, \`seq\` counts a camera's frames from 0 without gaps, so that you can prove that nothing is missing. Of events, \`(id, phase, boot, seq)\` does. With MQTT 5 messages have content type
and payload format, and requests use response topic and correlation data; 3.1.1 works with less.`

const REQUESTS = `A request is JSON on \`${REQUEST}\`. With MQTT 5 the answer goes to the request's response topic, which must begin with \`${RESPONSE.replace('<verb>', '')}\`, with its correlation data; otherwise to
\`${RESPONSE}\`, with the request's \`transaction\`. A key that is not known is refused. A name that nobody knows (class, zone, camera, event) is answered with those that there are. At most 50 requests a second
are answered; more get \`busy\`. Times are ISO 8601 with an offset: \`2026-05-01T08:00:00Z\`, \`2026-05-01T10:00+02:00\`, \`20260501T080000Z\`; seconds and fraction may be left out.`

const FAILURES = {
  not_found: 'there is no such frame, camera or event',
  evicted: 'it was there once, and went for newer ones',
  damaged: 'not even the keyframe of the segment is sound',
  changed: 'the file of this `sha256` can be given no more: begin the transfer anew',
  busy: 'too many requests, or there is no archive now; the message says why',
  too_large: 'more than the broker lets through',
  not_allowed: 'the configuration of the box does not allow it',
  refused: 'looked at and not taken: the signature, a hash or the trial frame is wrong',
  bad_request: 'a key or value is wrong; the message says which',
}

export function messagesPage(): string {
  const of = schemas() as Map<string, Schema>
  return page(
    'Topics and payloads',
    INTRO,
    '## Topics',
    table(
      ['topic', 'QoS', 'retained', 'payload', 'what'],
      published.map(({ topic, retained, payload, what }) => [
        code(topic),
        `${QOS}`,
        retained ? 'yes' : '',
        payload ? `[${titles[payload]}](#${titles[payload]})` : 'binary',
        what,
      ]),
    ),
    ...Object.keys(titles).flatMap((name) =>
      payloadSection(name, of.get(name)!, name === 'segment' ? of.get('classify')! : {}),
    ),
    '## Requests',
    REQUESTS,
    ...Object.entries(verbs).flatMap(([verb, what]) => verbSection(verb, what, of)),
    '### When it cannot be done',
    example('failure'),
    table(
      ['code', ''],
      (failure(of).properties!.code!.enum as (keyof typeof FAILURES)[]).map((name) => [code(name), FAILURES[name]]),
    ),
  )
}

/** In the order of the page: who listens for events reads these first. */
const titles: Readonly<Record<string, string>> = {
  event: 'evt',
  now: 'now',
  classify: 'cls',
  segment: 'seg',
  'device-state': 'state',
  'camera-state': 'camera-state',
  info: 'info',
  health: 'health',
}

function payloadSection(name: string, schema: Schema, beside: Schema): string[] {
  const known = new Set(fieldsOf(beside).map((field) => field.name))
  return [
    `## ${titles[name]}`,
    `${capital(published.find(({ payload }) => payload === name)!.what)}. Schema: [${name}.schema.json](../schema/${name}.schema.json).`,
    example(name),
    ...(known.size > 0 ? ['Fields beside those that `cls` has, too:'] : []),
    fields(schema, known),
  ]
}

function verbSection(verb: string, what: string, of: Map<string, Schema>): string[] {
  const request = of.get(`request-${verb}`)!
  const response = of.get(`response-${verb}`)!.anyOf![0]!
  return [
    `### ${verb}`,
    what,
    example(`request-${verb}`),
    // One of several, told apart by a field that names which.
    ...(request.oneOf ?? [request]).map((each) => fields(each)),
    'Answer:',
    example(`response-${verb}`),
    fields(response, new Set(['transaction', 'status'])),
    `Schemas: [request](../schema/request-${verb}.schema.json), [answer](../schema/response-${verb}.schema.json).`,
  ].filter(Boolean)
}

const failure = (of: Map<string, Schema>): Schema => of.get('response-describe')!.anyOf![1]!

/** Validated by test/packaging/manual/reference/messages.test.ts. */
const example = (name: string): string =>
  fence(
    'json',
    json(JSON.parse(readFileSync(join(packageRoot(), 'packaging/manual/examples', `${name}.json`), 'utf8'))),
  )

/** Messages within messages are described where they stand for themselves. */
const elsewhere: Readonly<Record<string, string>> = {
  cls: 'as on its topic',
  seg: 'as on its topic',
  evt: 'as on its topic',
}

function fields(schema: Schema, without: ReadonlySet<string> = new Set()): string {
  const rows = rowsOf(schema, '').filter(([name]) => !without.has(name!.replaceAll('`', '').split(/[.[]/)[0]!))
  return rows.length > 0 ? table(['field', 'value', 'always', 'what'], rows) : ''
}

function rowsOf(schema: Schema, prefix: string): string[][] {
  return fieldsOf(schema).flatMap((field) => {
    const path = `${prefix}${field.name}`
    const short = elsewhere[field.name]
    const whole = field.schema.properties?.v !== undefined || field.schema.items?.properties?.v !== undefined
    if (whole)
      return [
        [
          code(path),
          short ? 'message' : 'list of events',
          always(field),
          short ??
            'as on the topic `evt`, the last word of each; one that an earlier run left open is ended, also before that has been told',
        ],
      ]
    const group = inner(field.name, field.schema)
    const own = [code(path), kind(field.name, field.schema), always(field), plain(field.schema.description ?? '')]
    return [own, ...(group ? rowsOf(group.schema, `${prefix}${group.name}.`) : [])]
  })
}

const always = ({ required, schema }: Field): string =>
  required ? 'yes' : schema.default === undefined ? '' : `else ${code(JSON.stringify(schema.default))}`
