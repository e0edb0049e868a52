/** The packets of MQTT, read and written by the library that mqtt brings along. */
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'

export const { parser, generate } = createRequire(createRequire(import.meta.url).resolve('mqtt'))('mqtt-packet') as {
  parser(options?: object): EventEmitter & { parse(bytes: Buffer): number }
  generate(packet: object, options?: object): Buffer
}

// biome-ignore lint/suspicious/noExplicitAny: packets as the library has them
export type Packet = any
