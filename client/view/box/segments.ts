/** Segments, of the frames that a box lists. */
import type { Described } from '../../../contract/messages.js'
import type { SegmentView } from '../source.js'

/** Frames come oldest first; those of a segment follow each other. */
export function segmentsOfFrames(frames: Iterable<Pick<Described, 'ref' | 'segment' | 'ts'>>): SegmentView[] {
  const segments: SegmentView[] = []
  for (const { ref, segment = ref, ts } of frames) {
    const last = segments.at(-1)
    if (last?.ref === segment) segments[segments.length - 1] = { ...last, to: ts }
    else segments.push({ ref: segment, from: ts, to: ts })
  }
  return segments
}
