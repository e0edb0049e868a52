/**
 * Objects that no segment names: not yet, or no more. Their places stand here from before they are put until they are deleted, so that
 * none is left over, whoever is killed in between.
 */
import type { Kysely, Transaction } from 'kysely'
import type { DeleteObjects } from './store.js'
import type { Tables } from './tables.js'

/** Objects deleted at once. */
const STEP = 500

/** Of an object that is about to be put. */
export const claim = async (db: Kysely<Tables>, place: string, since: string): Promise<void> =>
  void (await db.insertInto('orphans').values({ place, since, going: 0 }).execute())

/** A segment is about to name it. @returns false: it has been given up, and is deleted or will be */
export async function adopt(tx: Transaction<Tables>, place: string): Promise<boolean> {
  const claimed = tx.deleteFrom('orphans').where('place', '=', place).where('going', '=', 0)
  return (await claimed.returning('place').execute()).length > 0
}

/** Of objects that a segment has named. @param going nobody may be reading them any more */
export async function orphan(
  tx: Transaction<Tables>,
  places: readonly string[],
  since: string,
  going = false,
): Promise<void> {
  if (places.length === 0) return
  await tx
    .insertInto('orphans')
    .values(places.map((place) => ({ place, since, going: Number(going) })))
    .onConflict((conflict) => conflict.column('place').doUpdateSet({ going: Number(going) }))
    .execute()
}

/** First none can be named any more, then the objects go, then what is known of them. @returns how many */
export async function sweep(db: Kysely<Tables>, before: string, deleteObjects: DeleteObjects): Promise<number> {
  let count = 0
  for (;;) {
    const old = db
      .selectFrom('orphans')
      .select('place')
      .where(({ or, eb }) => or([eb('since', '<', before), eb('going', '=', 1)]))
    const found = (await old.orderBy('place').limit(STEP).execute()).map(({ place }) => place)
    if (found.length === 0) return count
    const going = await db
      .updateTable('orphans')
      .set({ going: 1 })
      .where('place', 'in', found)
      .returning('place')
      .execute()
    const places = going.map(({ place }) => place)
    if (places.length === 0) continue
    await deleteObjects(places)
    await db.deleteFrom('orphans').where('place', 'in', places).execute()
    count += places.length
  }
}
