/** Frames that a box has not published, as it says when it is asked: they are passed over, as if a later frame's `prev` had told of them. */
import type { Kysely } from 'kysely'
import type { ResultKind } from '../../contract/topics.js'
import { Sequence, type Span } from '../listen/sequence.js'
import { noteTold, writeSpans } from './commit.js'
import { hold, without } from './coverage.js'
import { kinds, passed, passedResults, type Tables } from './tables.js'

export const noteLeftOut = (
  db: Kysely<Tables>,
  stream: number,
  of: readonly ResultKind[],
  spans: readonly Span[],
): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    for (const name of of) {
      if (name === 'evt') continue
      const kind = kinds[name]
      const rows = tx.selectFrom('spans').select(['from_seq as from', 'to_seq as to']).where('stream', '=', stream)
      const known = await rows.where('kind', '=', kind).orderBy('from_seq').execute()
      const fresh = without(spans, known)
      if (fresh.length === 0) continue
      const sequence = new Sequence(known.map((span) => ({ ...span })))
      for (const { from, to } of fresh) sequence.add(to, from)
      await writeSpans(tx, stream, kind, known, sequence.spans)
      await noteTold(tx, stream, kind === kinds.bits ? passed.told : passedResults[kind], fresh)
    }
  })
