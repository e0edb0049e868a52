/** A store by its address: a file is SQLite, postgres:// is PostgreSQL. */
import { commit } from './commit.js'
import { closeStream, coverageOf, noteGone } from './coverage.js'
import type { Opened } from './engine.js'
import { expire } from './expiry.js'
import { noteLeftOut } from './left-out.js'
import {
  absentOf,
  absentResults,
  forgetRecords,
  lose,
  placedSegments,
  recant,
  recantResults,
  regain,
  setAside,
} from './losses.js'
import { migrate } from './migrations.js'
import { claim, sweep } from './orphans.js'
import { activityOf, devicesOf, eventsOf, findFrame, resultsOf, segmentsOf, totalsOf } from './reading.js'
import { looseStreams, recordsOf, seal, sealedSegment } from './sealing.js'
import { audit, audits, lease, noteState, reject } from './states.js'
import { type Store, StoreError } from './store.js'

/**
 * @param address a file, sqlite:FILE, or postgres://…
 * @param existing for whoever only reads: a file that is not there is not made
 * @throws {StoreError}
 */
export async function openStore(address: string, { existing = false } = {}): Promise<Store> {
  const opened = await open(address, existing)
  const { db, engine } = opened
  try {
    await migrate(db, engine)
  } catch (error) {
    await opened.close()
    throw error instanceof StoreError ? error : engine.failure(error)
  }
  /** What the database says, in the store's own words. */
  const said = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw error instanceof StoreError ? error : engine.failure(error)
    })
  return {
    name: engine.place,
    commit: (messages, at) => said(commit(db, engine, messages, at)),
    note: (state) => said(noteState(db, state)),
    reject: (one) => said(reject(db, one)),
    coverage: (filter) => said(coverageOf(db, filter)),
    gone: (...of) => said(noteGone(db, ...of)),
    leftOut: (...of) => said(noteLeftOut(db, ...of)),
    closeRun: (stream) => said(closeStream(db, stream)),
    devices: () => said(devicesOf(db)),
    events: (query) => said(eventsOf(db, query)),
    segments: (query) => said(segmentsOf(db, query)),
    activity: (...of) => said(activityOf(db, engine, ...of)),
    results: (...of) => said(resultsOf(db, ...of)),
    loose: () => said(looseStreams(db)),
    records: (...of) => said(recordsOf(db, ...of)),
    sealed: (...of) => said(sealedSegment(db, ...of)),
    claim: (...of) => said(claim(db, ...of)),
    seal: (...of) => said(seal(db, ...of)),
    forget: (...of) => said(forgetRecords(db, ...of)),
    setAside: (...of) => said(setAside(db, ...of)),
    recant: (...of) => said(recant(db, ...of)),
    absent: (filter) => said(absentOf(db, filter)),
    absentResults: (filter) => said(absentResults(db, filter)),
    recantResults: (...of) => said(recantResults(db, ...of)),
    placed: (query) => said(placedSegments(db, query)),
    lose: (...of) => said(lose(db, ...of)),
    regain: (...of) => said(regain(db, ...of)),
    find: (...of) => said(findFrame(db, ...of)),
    lease: (...of) => said(lease(db, engine, ...of)),
    audit: (line) => said(audit(db, line)),
    audits: (limit) => said(audits(db, limit)),
    sweep: (before, deleteObjects) => said(sweep(db, before, deleteObjects)),
    expire: (before, deleteObjects) => said(expire(db, engine, before, deleteObjects)),
    totals: () => said(totalsOf(db, engine)),
    close: () => opened.close(),
  }
}

async function open(address: string, existing: boolean): Promise<Opened> {
  if (/^postgres(ql)?:/.test(address)) return (await import('./postgres.js')).openPostgres(address)
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address) ?? []
  if (scheme !== undefined)
    throw new StoreError('away', `${scheme}://: is no store that is known here, expected a file or postgres://…`)
  return (await import('./sqlite.js')).openSqlite(address.replace(/^sqlite:/, ''), existing)
}
