/** Forgetting what is older than allowed, by whole days. */
import { type Kysely, sql } from 'kysely'
import type { Engine } from './engine.js'
import type { Expired } from './store.js'
import type { Tables } from './tables.js'

/** @param before UTC; of results the day that it is in stays whole */
export async function expire(db: Kysely<Tables>, engine: Engine, before: string): Promise<Expired> {
  const results = await engine.dropResults(db, before.slice(0, 10))
  const old = await db.deleteFrom('segments').where('to_time', '<', before).returning('place').execute()
  const ended = await db.deleteFrom('events').where('until', '<', before).where('ended', '=', 1).executeTakeFirst()
  await db.deleteFrom('event_messages').where('time', '<', before).execute()
  await db.deleteFrom('records').where('time', '<', before).execute()
  await db.deleteFrom('state_changes').where('at', '<', before).execute()
  await db.deleteFrom('rejects').where('at', '<', before).execute()
  await db.deleteFrom('audits').where('at', '<', before).execute()
  // With what is known of their seqs. What of them comes after all is forgotten the next time.
  await db
    .deleteFrom('streams')
    .where('last_time', '<', before)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM segments WHERE segments.stream = streams.id)`)
    .execute()
  const places = old.flatMap(({ place }) => (place === null ? [] : [place]))
  return { results, events: Number(ended.numDeletedRows), segments: old.length, places }
}
