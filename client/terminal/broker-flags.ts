/** The broker flags that subscribe and archive share. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { idPattern } from '../../contract/names.js'
import type { BrokerSettings } from '../broker/mqtt.js'
import { Failure } from '../failure.js'

export interface BrokerFlags {
  broker: string
  base: string
  device: string
  username?: string
  password?: string
  ca?: string
  cert?: string
  key?: string
}

/** @param env the variable that stands in for --broker, if any does: it has to be there when the option is added */
export const brokerFlags = (command: Command, env?: string): Command =>
  command
    .addOption(brokerOption(env))
    .option('--base <topic>', 'first part of every topic', 'blindsight')
    .option('--username <name>', 'user name for the broker')
    .option('--password <text>', 'its password; better in the environment, as BLINDSIGHT_MQTT_PASSWORD')
    .option('--ca <file>', 'certificate authority that signed the broker’s certificate, PEM')
    .option('--cert <file>', 'client certificate, PEM')
    .option('--key <file>', 'key of the client certificate, PEM')

const schemes = ['mqtt:', 'mqtts:', 'ws:', 'wss:']

function brokerOption(env?: string): Option {
  const option = new Option('--broker <url>', 'MQTT broker, mqtt:// or mqtts://').default('mqtt://127.0.0.1:1883')
  return env === undefined ? option : option.env(env)
}

/** @param sessionSeconds how long the broker keeps messages while the client is away. @throws {Failure} usage, input */
export function brokerSettings(flags: BrokerFlags, sessionSeconds: number): BrokerSettings {
  if (!URL.canParse(flags.broker) || !schemes.includes(new URL(flags.broker).protocol)) {
    throw new Failure('usage', `no broker address, --broker ${flags.broker}, expected something like mqtt://host:1883`)
  }
  if (flags.base === '' || /[+#\s]/.test(flags.base) || /^\/|\/$/.test(flags.base)) {
    throw new Failure(
      'usage',
      `no topic base, --base ${flags.base}, expected levels without wildcards, like blindsight`,
    )
  }
  if (Boolean(flags.cert) !== Boolean(flags.key)) {
    throw new Failure('usage', 'half a client certificate, --cert and --key, give both or neither')
  }
  return {
    url: flags.broker,
    // At most 23 characters, all that MQTT 3.1 brokers must accept.
    clientId: `bs-client-${randomBytes(6).toString('hex')}`,
    username: flags.username,
    password: flags.password ?? (process.env.BLINDSIGHT_MQTT_PASSWORD || undefined),
    ca: pem('--ca', flags.ca),
    cert: pem('--cert', flags.cert),
    key: pem('--key', flags.key),
    sessionSeconds,
  }
}

/** @throws {Failure} usage */
export function checkId(flag: string, id: string): string {
  if (idPattern.test(id)) return id
  throw new Failure('usage', `no id, ${flag} ${id}, expected 1 to 64 of a-z 0-9 _ -`)
}

function pem(flag: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Failure('input', `cannot read, ${flag} ${file}: ${(cause as Error).message}`, { cause })
  }
}
