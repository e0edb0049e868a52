/** Structured logs: JSON lines for a service, readable lines on a terminal. The only file that knows pino. */
import { pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { Faults } from './faults.js'
import { Fold, type Level } from './fold.js'
import { Lines } from './lines.js'

export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
  /** Warnings and errors so far, whatever the level. */
  readonly faults?: Faults
}

export interface ProcessLog extends Log {
  level: string
}

const SETTLE_MS = 10_000

/** Logs go to stderr: stdout belongs to what a verb prints. At level debug nothing is folded. */
export function createLog(level: string): ProcessLog {
  const lines = new Lines()
  const readable = process.stderr.isTTY ? prettyFactory({ colorize: true, translateTime: 'HH:MM:ss.l' }) : undefined
  const write = (line: string) => lines.write(readable ? (readable(line) ?? '') : line)
  const out = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write })
  const fold = new Fold((level, fields, text) => out[level](fields, text))
  const faults = new Faults()
  const say = (level: Level) => (fields: object, text: string) => {
    if (level === 'warn' || level === 'error') faults.add(fields, text)
    if (out.level === 'debug') out[level](fields, text)
    else if (out.isLevelEnabled(level)) fold.add(level, fields, text)
  }
  lines.onRecovered = (lost) =>
    out.warn({ lost }, 'lines of the log could not be written (a full disk, or nobody reads them)')
  process.stderr.on('error', () => {}) // what others write there ends nothing either
  setInterval(() => fold.settle(), SETTLE_MS).unref()
  process.once('exit', () => fold.flush())
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    faults,
    get level() {
      return out.level
    },
    set level(level: string) {
      out.level = level
    },
  }
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
