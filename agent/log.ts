/** Structured logs: JSON lines for a service, readable lines on a terminal. The only file that knows pino. */
import { pino } from 'pino'
import pretty from 'pino-pretty'

export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** Logs go to stderr: stdout belongs to what a verb prints. */
export function createLog(level: string): Log {
  const stream = process.stderr.isTTY
    ? pretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', sync: true })
    : pino.destination({ dest: 2, sync: true })
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
