/** What is published as JSON Schema in docs/schema: the configuration, and every message. */
import { z } from 'zod'
import { Config } from '../../agent/config/schema.js'
import * as messages from '../../contract/messages.js'

const published = {
  config: Config,
  classify: messages.ClassifyResult,
  segment: messages.SegmentResult,
  event: messages.EventMessage,
  now: messages.NowMessage,
  'device-state': messages.DeviceStateMessage,
  'camera-state': messages.CameraStateMessage,
  info: messages.InfoMessage,
  health: messages.HealthMessage,
  ...Object.fromEntries(Object.entries(messages.requests).map(([verb, schema]) => [`request-${verb}`, schema])),
  ...Object.fromEntries(Object.entries(messages.responses).map(([verb, schema]) => [`response-${verb}`, schema])),
}

/** Name to JSON Schema. */
export const schemas = (): Map<string, object> =>
  new Map(
    Object.entries(published).map(([name, schema]) => [
      name,
      { title: `blindsight ${name}`, ...z.toJSONSchema(schema, { io: 'input' }) },
    ]),
  )
