/** blindsight collect, blindsight verify */
import { hostname } from 'node:os'
import { type Command, Option } from 'commander'
import { exitCodes, exitCodesHelp, Failure } from '../failure.js'
import { type BrokerFlags, brokerFlags, brokerSettings, checkId } from '../terminal/broker-flags.js'
import { positive, printError, printOut, runUntilStopped, runVerb, wholeNumber } from '../terminal/verb.js'
import type { CollectOptions } from './collect.js'
import type { Place } from './http.js'

interface Flags extends BrokerFlags {
  store: string
  bits: string
  group: string
  name?: string
  jetstream?: string
  replicas: string
  http?: string
  keepDays?: string
  gapSeconds: string
  askPerSecond: string
  quietSeconds: string
}

/** How long a broker keeps what comes for a collector that is away. */
const SESSION_SECONDS = 24 * 3600
/** Messages that wait to be kept, of those that a broker may send ahead. */
const UNACKNOWLEDGED = 1000
const ROUND_MS = 10_000

const help = `
What has an env above may also stand in the environment, as may BLINDSIGHT_MQTT_PASSWORD: so a password in a store's address stays out
of the list of processes. For s3:// the usual AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, of a service that is not Amazon's, AWS_ENDPOINT_URL_S3.
${exitCodesHelp}

Examples:
  blindsight collect --broker mqtt://hub:1883
  blindsight collect --store postgres://collector@db/fleet --bits /srv/bitstreams --http 127.0.0.1:9465 --keep-days 30
  AWS_ENDPOINT_URL_S3=http://minio:9000 blindsight collect --bits s3://fleet/bitstreams
  blindsight collect --store postgres://collector@db/fleet --name second        # once more, beside the first: they divide the work
  blindsight verify --store fleet.sqlite`

export function registerCollect(program: Command): void {
  const command = program
    .command('collect')
    .description(
      'keep every result, event and bitstream of a fleet in a database, each once, and ask the boxes for what is missing',
    )
  brokerFlags(command, 'BLINDSIGHT_BROKER')
  command
    .addOption(storeOption())
    .addOption(
      new Option(
        '--bits <where>',
        'bitstreams, a file a segment: a folder or s3://bucket/prefix; or store: in the database, none: not at all',
      )
        .default('store')
        .env('BLINDSIGHT_BITS'),
    )
    .addOption(
      new Option('--group <name>', 'collectors of one group divide the messages (MQTT 5 shared subscription)')
        .default('collect')
        .env('BLINDSIGHT_GROUP'),
    )
    .option('--name <id>', 'of this collector in its group, the same after a restart', `${nameOfHost()}`)
    .addOption(
      new Option(
        '--jetstream <servers>',
        'results and bitstreams from a NATS stream, nats://a:4222,nats://b:4222; --broker is then the MQTT of one of its nodes',
      ).env('BLINDSIGHT_JETSTREAM'),
    )
    .option('--replicas <n>', 'of the stream, when it is made: on so many nodes', '1')
    .addOption(new Option('--http <[host:]port>', 'serve /metrics and /healthz there').env('BLINDSIGHT_HTTP'))
    .addOption(
      new Option('--keep-days <n>', 'forget what was taken before; default: keep everything').env(
        'BLINDSIGHT_KEEP_DAYS',
      ),
    )
    .option('--gap-seconds <n>', 'ask the box for what has been missing for so long', '120')
    .option('--ask-per-second <n>', 'frames that one box is asked for, on average, while something is missing', '50')
    .option('--quiet-seconds <n>', 'a segment that has not grown for so long is over', '600')
    .addHelpText('after', help)
    .action((flags: Flags) =>
      runUntilStopped(async (signal) => {
        const options = readFlags(flags)
        const [{ collect }, { openStore }, { openObjects }] = await Promise.all([
          import('./collect.js'),
          import('../store/open.js'),
          import('./objects.js'),
        ])
        const elsewhere = flags.bits === 'store' || flags.bits === 'none' ? undefined : flags.bits
        const objects = await openObjects(elsewhere, { toWrite: true })
        const store = await patiently(() => openStore(flags.store), signal)
        if (!store) return 0
        try {
          await collect(options, store, objects, printError, signal)
        } finally {
          await store.close()
        }
        return 0
      }),
    )
  program
    .command('verify')
    .description(
      'prove what a store has: of each camera and run, how much is there, what is missing, what can never come',
    )
    .addOption(storeOption())
    .option('--device <id>', 'of one box')
    .addOption(
      new Option(
        '--bits <where>',
        'of the bitstreams, a folder or s3://bucket/prefix: each object is read and its SHA-256 checked',
      ),
    )
    .option(
      '--repair',
      'what is noted and not there, or damaged, is missing again: a collector asks its box for it; what is there again is noted again',
    )
    .option('--json', 'a line of JSON a camera, run and kind')
    .addHelpText(
      'after',
      `\nExit code 6 when something is missing or damaged; what the boxes have evicted is told and is no failure.\n${exitCodesHelp}`,
    )
    .action((flags: { store: string; device?: string; bits?: string; json?: boolean; repair?: boolean }) =>
      runVerb(async () => {
        const { verify } = await import('./verify.js')
        const { openStore } = await import('../store/open.js')
        const { openObjects } = await import('./objects.js')
        if (flags.device !== undefined) checkId('--device', flags.device)
        const store = await openStore(flags.store, { existing: true }).catch((cause) => {
          throw new Failure('input', `${cause.message}, --store`, { cause })
        })
        try {
          const whole = await verify(store, await openObjects(flags.bits), flags, printOut)
          return whole ? 0 : exitCodes.gaps
        } finally {
          await store.close()
        }
      }),
    )
}

const storeOption = () =>
  new Option('--store <address>', 'a file (SQLite), or postgres://user:password@host/database')
    .default('fleet.sqlite')
    .env('BLINDSIGHT_STORE')

function readFlags(flags: Flags): CollectOptions {
  const name = checkId('--name', flags.name ?? nameOfHost())
  checkId('--group', flags.group)
  return {
    broker: {
      ...brokerSettings(flags, SESSION_SECONDS),
      clientId: `bs-collect-${flags.group}-${name}`,
      durable: true,
      unacknowledged: UNACKNOWLEDGED,
    },
    base: flags.base,
    group: flags.group,
    bits: flags.bits !== 'none',
    jetstream:
      flags.jetstream === undefined
        ? undefined
        : { servers: flags.jetstream, replicas: wholeNumber('--replicas', flags.replicas, 1)! },
    http: flags.http === undefined ? undefined : placeOf(flags.http),
    keepDays: wholeNumber('--keep-days', flags.keepDays, 1),
    patience: {
      roundMs: ROUND_MS,
      gapMs: positive('--gap-seconds', flags.gapSeconds)! * 1000,
      askPerSecond: positive('--ask-per-second', flags.askPerSecond)!,
      quietMs: positive('--quiet-seconds', flags.quietSeconds)! * 1000,
    },
  }
}

const nameOfHost = (): string =>
  hostname()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, 32) || 'one'

function placeOf(text: string): Place {
  const [, host = '127.0.0.1', port] = /^(?:\[?([^\]]+)\]?:)?(\d{1,5})$/.exec(text) ?? []
  if (port !== undefined && Number(port) <= 65_535) return { host, port: Number(port) }
  throw new Failure('usage', `no place to listen, --http ${text}, expected a port or host:port, like 127.0.0.1:9465`)
}

const AGAIN_MS = 2000

/** A database may start after whoever needs it. What will not change by waiting ends it. @returns undefined: told to stop */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { setTimeout: wait } = await import('node:timers/promises')
  let said = false
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      const { code, cause } = error as { code?: string; cause?: { code?: string } }
      // Not there, or just starting; a wrong password or a file that is no database stay so.
      const may = code === 'away' && /^(ECONN|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN|57P03)/.test(cause?.code ?? '')
      if (!may) throw new Failure('input', `${(error as Error).message}, --store`, { cause: error })
      if (!said) printError(`${(error as Error).message}; trying again`)
      said = true
      await wait(AGAIN_MS, undefined, { signal }).catch(() => {})
    }
  }
  return undefined
}
