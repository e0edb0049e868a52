/** Frames that a box has not published, as it says when it is asked: they are passed over, as if a later frame's `prev` had told of them. */
import type { Kysely } from 'kysely'
import type { ResultKind } from '../../contract/topics.js'
import type { Span } from '../listen/sequence.js'
import { noteTold } from './commit.js'
import { hold } from './coverage.js'
import { enlist } from './spans.js'
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
      const fresh = await enlist(tx, stream, kind, spans)
      await noteTold(tx, stream, kind === kinds.bits ? passed.told : passedResults[kind], fresh)
    }
  })
