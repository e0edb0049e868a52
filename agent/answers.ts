/** What the networks say of a frame -> what is published of it. */
import { type Bundle, maskOf } from '../contract/bundle.js'
import type { ClassifyResult, SegmentResult } from '../contract/messages.js'
import type { Camera } from './config/schema.js'
import { analyseOn } from './heads.js'
import type { Encoded } from './infer/messages.js'

/** Of the classifier, whose probabilities sum to 1; tags are published all. */
const TOP_CLASSES = 5

export interface Answers {
  readonly cls?: ClassifyResult['cls']
  readonly seg?: SegmentResult['seg']
}

/** @param moving by class of the mask */
export function answersOf(
  encoded: Encoded,
  bundle: Bundle,
  camera: Pick<Camera, 'width' | 'height' | 'heads' | 'thresholds'>,
  moving?: readonly number[],
): Answers {
  const { tags, probabilities, runs, fractions } = encoded
  const { manifest } = bundle
  const analyse = analyseOn(camera, bundle)
  const answers: { -readonly [K in keyof Answers]: Answers[K] } = {}
  if (tags && analyse) {
    const { classes, thresholds } = analyse.tags
    answers.cls = ranked(tags, classes).map((tag) => ({ ...tag, there: tag.p >= thresholds[tag.id]!.enter }))
  } else if (probabilities) answers.cls = ranked(probabilities, manifest.classes.classify).slice(0, TOP_CLASSES)
  const mask = maskOf(manifest)
  if (!runs || !fractions || !mask) return answers
  answers.seg = {
    w: camera.width / mask.stride,
    h: camera.height / mask.stride,
    classes: mask.labels
      .map((label, id) => ({
        id,
        label,
        frac: rounded(fractions[id]!),
        ...(moving && { moving: rounded(moving[id]!) }),
      }))
      .filter(({ frac }) => frac > 0),
    mask: { enc: 'rle', data: runs },
  }
  return answers
}

/** Most probable first. */
function ranked(probabilities: Float32Array, classes: readonly { id: string; label: string }[]) {
  const all = [...probabilities].map((p, i) => ({ ...classes[i]!, p: rounded(p) }))
  return all.sort((a, b) => b.p - a.p)
}

/** Sums of many shares may come out a little above 1. */
export const rounded = (share: number): number => Number(Math.min(1, share).toFixed(4))
