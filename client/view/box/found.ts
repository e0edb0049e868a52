/** Of a frame's results, what the page shows. */
import type { FrameResult, Seg, Tag } from '../source.js'

export const foundIn = (
  ts: string,
  motion: number | undefined,
  tags: readonly Tag[] | undefined,
  seg: Seg | undefined,
): Pick<FrameResult, 'ts' | 'motion' | 'tags' | 'seg'> => ({
  ts,
  ...(motion === undefined ? {} : { motion }),
  ...(tags ? { tags } : {}),
  ...(seg ? { seg } : {}),
})
