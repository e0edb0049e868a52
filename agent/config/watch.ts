/** What a camera watches for: its zones, and the events that are told. */
import { between, name, seconds, z } from './kinds.js'

const point = z.tuple([z.number(), z.number()])

export const Zone = z.strictObject({
  name: name().describe('of the zone, in events and topics of Home Assistant'),
  polygon: z
    .array(point)
    .max(64)
    .describe('corners [x, y] in order, 0 to 1 of width and height from the top left; at least three'),
})
export type Zone = z.infer<typeof Zone>

export const EventRule = z.strictObject({
  class: z
    .string()
    .min(1)
    .max(32)
    .describe('what may be there: person, vehicle, two_wheeler, animal and what else the bundle has'),
  zone: name().optional().describe('of `zones`; absent: the whole picture'),
  enterSeconds: seconds(0).default(0.5).describe('it is there once it has been seen for so long'),
  leaveSeconds: seconds(0).default(2).describe('and gone once it has not been seen for so long'),
  leastShare: between(0, 1)
    .optional()
    .describe(
      'of the zone, from which on it counts as seen; default: what a person of a sixteenth of the height takes',
    ),
  leastProbability: between(0, 1)
    .optional()
    .describe(
      "of the most probable of its tags, from which on it counts as seen: instead of the bundle's threshold or, in a zone, beside the share",
    ),
  motion: z.boolean().default(false).describe('true: only while it moves'),
})
export type EventRule = z.infer<typeof EventRule>

/** As the bundle's manifest has it for each of its tags. */
export const Threshold = z
  .strictObject({
    enter: between(0, 1).describe('it is there from this probability on'),
    leave: between(0, 1).describe('and until it falls below this, at most `enter`'),
  })
  .superRefine(({ enter, leave }, context) => {
    if (leave <= enter) return
    context.addIssue({
      code: 'custom',
      path: ['leave'],
      message: `${leave} is above enter, ${enter}: what is there would be gone at once; write at most that`,
    })
  })
