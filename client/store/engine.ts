/** What differs between the databases: words of the schema, and what only one of them can. */
import type { Kysely } from 'kysely'
import type { StoreError } from './store.js'
import type { Tables } from './tables.js'

export interface Engine {
  readonly name: 'sqlite' | 'postgres'
  /** Where it is, without passwords. */
  readonly place: string
  readonly words: { readonly time: string; readonly json: string; readonly blob: string; readonly id: string }
  /** Behind a table of results: by day, where the database has partitions. */
  readonly partitionBy: string
  /** The key of results; that of a partition has its time in it. */
  readonly resultKey: string
  /** Makes sure that rows of these days can be written. */
  ready(db: Kysely<Tables>, days: readonly string[]): Promise<void>
  /** Whether rows could not be written because what was made ready has been taken away: then it is made anew. */
  unready(error: unknown): boolean
  /** The highest seq of a stream's results of days before. */
  lastBefore(db: Kysely<Tables>, stream: number, day: string): Promise<number | undefined>
  /** Forgets results of days before. @returns how many, about */
  dropResults(db: Kysely<Tables>, day: string): Promise<number>
  /** Results that are here; of a day that is large, about. */
  countResults(db: Kysely<Tables>): Promise<number>
  /** A view of results for whoever asks the database itself. */
  readonly resultsView: string
  /** Seconds since 1970 of a time. */
  secondsOf(column: string): string
  /** A time so many seconds from now, by the clock of the database: those of collectors may differ. */
  secondsAhead(seconds: number): string
  failure(error: unknown): StoreError
}

export interface Opened {
  readonly db: Kysely<Tables>
  readonly engine: Engine
  close(): Promise<void>
}
