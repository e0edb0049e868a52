/**
 * The JSON payloads, as schemas: the agent's types, the client's validation and the files in docs/schema come from here.
 * A result is identified by (dev, cam, boot, seq); seq counts from 0 without gaps per camera and boot.
 */
import { z } from 'zod'
import { bootPattern, eventIdPattern, idPattern, refPattern } from './names.js'
import { isoExpected, isoMs } from './time.js'

const id = z.string().regex(idPattern)
const clk = z
  .enum(['ok', 'unsynced', 'restamped'])
  .describe('of ts: right; not known yet; not known when the frame was taken, and set right since')
const count = z.number().int().nonnegative()

const version = z.literal(1).describe('version of the message')
const boxId = id.describe('the box')
const cameraId = id.describe('the camera')

const ResultBase = z.object({
  v: version,
  dev: boxId,
  cam: cameraId,
  boot: z.string().regex(bootPattern).describe('random id of one run of the agent'),
  seq: count.describe('without gaps per (dev, cam, boot) where every frame is published'),
  prev: count
    .nullable()
    .optional()
    .describe(
      'seq of the frame whose result was published before it in this boot, null: none; there when the camera leaves frames out (`publish`)',
    ),
  same_as: count
    .optional()
    .describe(
      'the answer is that for the frame of this seq, same boot: the networks did not look at this one, as hardly anything has changed since, as they have just looked, or as frames waited; with `publish` other than every that frame may not have gone out. Absent: they looked, at the whole picture or at the part that has changed',
    ),
  ts: z.iso.datetime().describe('capture time, UTC'),
  mono_ns: z.string().regex(/^\d+$/).describe("capture time on the box's monotonic clock, nanoseconds, decimal"),
  clk,
  frame: z
    .object({ w: count.describe('width'), h: count.describe('height') })
    .describe('what the networks saw, pixels'),
  model: z
    .object({
      id: z.string().describe('name of the bundle'),
      sha256: z.string().describe('of the bundle: it decodes what it has coded'),
      ep: z.string().describe('execution provider that ran'),
    })
    .describe('the networks'),
  lat: z
    .object({
      shape: z.array(count).length(3).describe('C, H/8, W/8: channels, and an eighth of height and width'),
      bpp: z.number().describe('bits of the bitstream per pixel of the frame'),
    })
    .describe('the latent: the numbers that the encoder made of the frame'),
  bits: z
    .object({
      ref: z.string().describe('name in the archive: cam/boot/seq'),
      bytes: count.describe('its length'),
      sha256: z.string().describe('of its bytes'),
      fmt: z
        .enum(['blindsight.frame.v1', 'blindsight.frame.v2'])
        .describe('version of its container (codec/FORMAT.md)'),
      key: z.boolean().describe('false: decodes only after the frames of its segment before it'),
      segment: z.string().describe('name of the keyframe its segment begins with: cam/boot/seq'),
      archived: z.literal(false).optional().describe('there when the archive could not take the bitstream: it is lost'),
    })
    .describe('the bitstream of the frame'),
  q: z
    .object({
      lat_ms: z.number().describe('capture to commit'),
      age_ms: z.number().describe('capture to publish'),
      dropped: count.describe('frames of this camera dropped before inference since the agent started'),
    })
    .describe('how well the box keeps up'),
  motion: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("share of the latent's cells that changed since the frame before; absent: there was none"),
  hist: z.boolean().describe('true when published late, after an outage'),
})

export const ClassifyResult = ResultBase.extend({
  cls: z
    .array(
      z.object({
        id: z.string().describe('of the tag or class'),
        label: z.string().describe('the same, to be shown'),
        p: z.number().min(0).max(1).describe('its probability'),
        there: z.boolean().optional().describe('of tags, which stand each for itself: p is above the threshold'),
      }),
    )
    .describe('most probable first'),
})
export type ClassifyResult = z.infer<typeof ClassifyResult>

export const SegmentResult = ResultBase.extend({
  seg: z
    .object({
      w: count.describe('width of the mask'),
      h: count.describe('height of the mask'),
      classes: z
        .array(
          z.object({
            id: count.describe('as in the mask'),
            label: z.string().describe('what it is'),
            frac: z.number().min(0).max(1).describe('share of the picture'),
            moving: z
              .number()
              .min(0)
              .max(1)
              .optional()
              .describe('share of its places that changed within the last second'),
          }),
        )
        .describe('those that are in the picture'),
      mask: z
        .object({
          enc: z.literal('rle').describe('run lengths'),
          data: z
            .array(count)
            .describe('class id, run length, class id, run length, … over the rows from the top left'),
        })
        .describe('which place belongs to which class'),
    })
    .describe('the mask'),
})
export type SegmentResult = z.infer<typeof SegmentResult>

const moment = z.iso.datetime()
const zone = z.string().nullable().describe('null: the whole picture')
const eventId = z.string().regex(eventIdPattern).describe('of the event')

/** One id has one start and one end, each told at least once. */
const ref = z.string().regex(refPattern, 'expected cam/boot/seq').describe('name in the archive, cam/boot/seq')

export const EventMessage = z.object({
  v: version,
  ...ResultBase.pick({ dev: true, cam: true, boot: true }).shape,
  seq: count.describe('of the frame that it is told with; of an event that a restart ended: the last one before that'),
  ts: ResultBase.shape.ts,
  mono_ns: ResultBase.shape.mono_ns.optional(),
  clk,
  id: eventId,
  phase: z.enum(['start', 'update', 'end']).describe('one start and one end of each, updates between'),
  class: z.string().describe('what it is: person, vehicle, two_wheeler, animal or another of the bundle'),
  label: z.string().describe('the same, to be shown'),
  zone,
  since: moment.describe('of the first frame in which it was seen'),
  until: moment.describe('of the last one so far'),
  peak: z
    .object({
      p: z.number().min(0).max(1).describe('probability of its most probable tag'),
      share: z.number().min(0).max(1).describe('of the zone, or the picture'),
      ts: moment.describe('when'),
    })
    .describe('when there was most of it'),
  bits: z
    .object({ first: ref.describe('of since'), last: ref.describe('of until') })
    .describe('names in the archive, cam/boot/seq, of the same frames'),
  reason: z
    .enum(['restart', 'gap'])
    .optional()
    .describe('of an end that nobody saw: the agent was started again, or the camera was away for more than a minute'),
  hist: ResultBase.shape.hist,
})
export type EventMessage = z.infer<typeof EventMessage>

/** As it stands in a frame's result, and in the archive. */
export const StoredEvent = EventMessage.omit({ hist: true })

export const NowMessage = z.object({
  v: version,
  ts: moment.describe('when this became so'),
  motion: z.boolean().optional().describe('whether anything moves; absent: nobody looks'),
  present: z
    .array(
      z.object({
        class: EventMessage.shape.class,
        label: EventMessage.shape.label,
        zone,
        since: moment.describe('when it was first seen'),
        id: eventId,
      }),
    )
    .describe('empty: nothing is there'),
})
export type NowMessage = z.infer<typeof NowMessage>

export type DeviceState = 'starting' | 'online' | 'degraded' | 'stopped' | 'offline'
export const DeviceStateMessage = z.object({
  v: version,
  state: z.enum(['starting', 'online', 'degraded', 'stopped', 'offline']).describe('degraded: it works, but not all'),
  session: z.string().describe('of the connection; an offline of another one than the newest is old news'),
  ts: z.iso.datetime().describe('when it was said; of offline: when it connected'),
  reason: z.string().optional().describe('of a state that is not online, in words'),
})

export const CameraStateMessage = z.object({
  v: version,
  state: z
    .enum(['online', 'offline', 'stalled', 'disabled'])
    .describe(
      'online: frames come; offline: it cannot be reached, or the agent stopped; stalled: it sends nothing; disabled: by the configuration',
    ),
  reason: z.string().describe('in words, always the same for the same fault; empty: online'),
  since: z.iso.datetime().describe('since when'),
})

export const InfoMessage = z.object({
  v: version,
  dev: boxId,
  version: z.string().describe('of blindsight'),
  boot: z.string().describe('random id of this run of the agent'),
  session: z.string().describe('as in the state message'),
  bundle: z
    .object({
      id: z.string().describe('its name'),
      sha256: z.string().describe('of the whole'),
      files: z.record(z.string(), z.string()).describe('the first 16 digits of each SHA-256'),
    })
    .describe('the networks'),
  providers: z.record(z.string(), z.string()).describe('execution provider that really runs, by graph'),
  cameras: z
    .array(
      z.object({
        id: cameraId,
        width: count.describe('of what the networks see'),
        height: count.describe('of what the networks see'),
        fps: z.number().describe('taken at most'),
        heads: z.array(z.string()).describe('networks that look at its latent'),
      }),
    )
    .describe('those of the configuration'),
})

/** What boxes of an earlier version leave out is optional. */
export const HealthMessage = z.object({
  v: version,
  ts: z.iso.datetime().describe('when it was said'),
  state: DeviceStateMessage.shape.state.optional().describe('as on the topic state'),
  reason: z.string().optional().describe('of a state that is not online'),
  uptime_s: count.optional().describe('since the agent started with this configuration'),
  broker: z
    .object({
      connected: z.boolean().describe('whether there is a connection'),
      connects: count.describe('connections made'),
      reason: z.string().optional().describe('why not connected, or what the broker does not allow'),
    })
    .optional()
    .describe('the connection to the broker'),
  bundle: z
    .object({
      id: z.string().describe('which one runs'),
      sha256: z.string().describe('of its manifest.json'),
      fell_back: z
        .object({
          from: z.string().describe('the chosen bundle'),
          why: z.string().describe('what went wrong, in words'),
          at: z.iso.datetime().describe('when'),
        })
        .optional()
        .describe('the chosen bundle that did not run, in whose place this one came back; until another is chosen'),
    })
    .optional()
    .describe('the networks'),
  clock: z
    .object({
      known: z.boolean().describe('age limits apply only then'),
      reason: z.string().describe('why so'),
    })
    .optional()
    .describe('whether the time is known; absent: a box of an earlier version'),
  cams: z
    .array(
      z.object({
        id: cameraId,
        state: CameraStateMessage.shape.state.describe('as on the topic cam/…/state'),
        reason: z.string().optional().describe('as there'),
        since: z.iso.datetime().optional().describe('as there'),
        fps_in: z.number().describe('that come, over the last half minute'),
        fps_encoded: z.number().describe('encoded and kept, over the last half minute'),
        frames_in: count.optional().describe('that came since the agent started'),
        frames_encoded: count.optional().describe('encoded and kept since the agent started'),
        frames_held: count
          .optional()
          .describe(
            'of those encoded: as good as nothing had changed, the answer for a frame before was kept (`analyse`)',
          ),
        frames_rested: count
          .optional()
          .describe(
            'of those encoded: the answer for a frame before was kept although something had changed, as the networks had just looked (`restSeconds`)',
          ),
        frames_pressed: count
          .optional()
          .describe(
            'of those encoded: the answer for a frame before was kept although something had changed, as frames waited',
          ),
        frames_left_out: count.optional().describe('of those encoded: not published, as `publish` says; archived'),
        dropped: count.describe('that a newer one replaced before it was their turn'),
        newest: z
          .object({
            boot: ResultBase.shape.boot,
            cls: count.optional().describe('on the topic cls'),
            seg: count.optional().describe('on the topic seg'),
            bits: count.optional().describe('on the topic bits'),
          })
          .optional()
          .describe(
            'of this run, the highest seq of each kind that the broker has acknowledged; absent: none, or a box of an earlier version',
          ),
      }),
    )
    .describe('by camera'),
  drops: z
    .record(z.string(), count)
    .describe(
      'frames or messages lost since the agent started, by reason: latest_wins: a newer frame came before the networks were free; inference: a network failed; commit: neither stored nor published; dead_letter: a message that the broker never takes; outbox: never published, as the outbox was full; outbox_thinned: published without bitstream',
    ),
  outbox: z
    .object({
      frames: count.describe('that the broker has not acknowledged'),
      bytes: count.describe('of these'),
      oldest_s: count.describe('age of the oldest'),
    })
    .describe('what waits for the broker'),
  archive: z
    .object({
      frames: count.describe('in it'),
      bytes: count.describe('of the file that are in use'),
      evicted: count.describe('frames given up since the agent started'),
      evictions: z
        .record(z.string(), count)
        .optional()
        .describe('frames since the agent started, by age, bytes, free_space, disk_full, outbox_age, outbox_bytes'),
      last_eviction: z
        .object({
          why: z.string().describe('the reason, as in evictions'),
          frames: count.describe('how many'),
          from: z.iso.datetime().describe('of the oldest'),
          to: z.iso.datetime().describe('of the newest'),
        })
        .nullable()
        .optional()
        .describe('null: none since the agent started'),
      restamped: count.optional().describe('frames moved to their right time since the agent started'),
      age_limits_lag_s: count.optional().describe('by how much age limits have still to catch up with the clock'),
      days_left: z.number().nullable().describe('until frames are evicted, by age, bytes or free space'),
      reason: z.string().optional().describe('there while no frame is archived: why'),
      taking_over: z
        .object({
          file: z.string().describe('the damaged one'),
          part: z.number().describe('how far it is, 0 to 1'),
          taken: count.describe('frames that could be read'),
          unreadable: count.describe('frames that could not'),
          waiting: z.string().optional().describe('why it does not go on'),
        })
        .optional()
        .describe('there while what can be read of a damaged archive is taken over'),
    })
    .describe('the archive'),
  published: z.record(z.string(), count).describe('frames and messages handed to the broker, by what became of them'),
  requests: z.record(z.string(), count).describe('answered, by outcome'),
  ms: z.record(z.string(), z.number()).describe('median milliseconds of a frame in each stage'),
  rss_mb: count.describe('resident memory'),
  temp_c: z.number().nullable().describe('of the processor; null: no sensor'),
  faults: z
    .array(
      z.object({
        text: z.string().describe('the line'),
        count: count.describe('how often'),
        first: z.iso.datetime().describe('when first'),
        last: z.iso.datetime().describe('when last'),
      }),
    )
    .optional()
    .describe('the last distinct warnings and errors of the log, latest first'),
})
export type HealthMessage = z.infer<typeof HealthMessage>

const bytesLimit = 65536
export const BLOCK_BYTES = bytesLimit
const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)

/** Requests, by verb. `transaction` is echoed for clients without MQTT 5 correlation data. */
const transaction = z.string().max(128).optional().describe('comes back in the answer')
const time = z
  .string()
  .refine((text) => isoMs(text) !== undefined, { error: isoExpected })
  .describe('ISO 8601 with an offset')
const className = z.string().min(1).max(32).describe('of the events')
const limit = z.number().int().min(1).max(500).default(100).describe('items in the answer, at most')
const goesOn = 'of the answer before: what comes after it'
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const bundleSha256 = sha256.describe('of its manifest.json')
export const requests = {
  list: z.strictObject({
    transaction,
    cam: cameraId.optional(),
    class: className.optional().describe('frames within events of this class'),
    zone: id.optional().describe('frames within events in this zone'),
    event: eventId.optional().describe('frames within the event of this id'),
    from: time.optional().describe('frames from this time on'),
    to: time.optional().describe('frames up to this time'),
    limit,
    cursor: z
      .string()
      .max(64)
      .regex(/^(\d+:)?\d+$/)
      .optional()
      .describe(goesOn),
  }),
  events: z.strictObject({
    transaction,
    cam: cameraId.optional(),
    class: className.optional(),
    zone: id.optional().describe('of the events'),
    event: eventId.optional().describe('of one event'),
    from: time.optional().describe('those that had not ended by then'),
    to: time.optional().describe('those that had begun by then'),
    limit,
    cursor: z
      .string()
      .max(128)
      .regex(/^\d+:[a-z0-9_-]+$/)
      .optional()
      .describe(goesOn),
  }),
  describe: z.strictObject({ transaction, ref }),
  results: z.strictObject({
    transaction,
    cam: cameraId,
    boot: ResultBase.shape.boot,
    from: count.describe('first seq'),
    to: count.describe('last seq'),
    published: z
      .boolean()
      .default(false)
      .describe('only what went out: of frames that `publish` left out neither cls nor seg, but which they are'),
  }),
  get: z.strictObject({
    transaction,
    ref,
    segment: z.boolean().default(false).describe('the whole segment that the frame is in, as a file with its index'),
    sha256: sha256
      .optional()
      .describe('of the file whose transfer goes on: a segment may have grown since its first block'),
    off: count.default(0).describe('first byte'),
    n: z.number().int().min(1).max(16).default(1).describe('blocks, an answer each'),
  }),
  keyframe: z.strictObject({ transaction, cam: id.optional().describe('absent: every camera') }),
  pin: z.strictObject({ transaction, ref }),
  unpin: z.strictObject({ transaction, ref }),
  /** Networks for the box: offered, sent part by part, finished. Only where its configuration allows it. */
  bundle: z.discriminatedUnion('step', [
    z.strictObject({
      transaction,
      step: z.literal('offer').describe('what is to be added'),
      manifest: z.base64().max(base64Length(bytesLimit)).describe('the bytes of manifest.json'),
      signature: z.base64().max(2048).optional().describe('the bytes of manifest.json.sig'),
      use: z.boolean().default(false).describe('it is to be used once it is there'),
    }),
    z.strictObject({
      transaction,
      step: z.literal('part').describe('bytes of a file that the box wants'),
      bundle: bundleSha256,
      file: z.string().max(64).describe('as the manifest names it'),
      off: count.describe('from where on in the file'),
      sha256: sha256.describe('of this part'),
      data: z.base64().max(base64Length(bytesLimit)).describe('the bytes'),
    }),
    z.strictObject({
      transaction,
      step: z.literal('finish').describe('it may be checked and added'),
      bundle: bundleSha256,
      use: z.boolean().default(false).describe('as in the offer'),
    }),
  ]),
}

export type ResponseCode = z.infer<typeof Failure>['code']

const Failure = z.object({
  transaction,
  status: z.literal('error').describe('it could not be done'),
  code: z
    .enum([
      ...['not_found', 'evicted', 'damaged', 'changed', 'busy', 'too_large', 'bad_request'],
      ...['not_allowed', 'refused'],
    ] as const)
    .describe('why'),
  message: z.string().describe('why, in words'),
})
const Described = z.object({
  ref: z.string().describe('name in the archive, cam/boot/seq'),
  ts: z.string().describe('capture time, UTC'),
  clk: clk.optional().describe('whether ts is known, as in results; left out of frames of earlier versions'),
  bytes: count.describe('of its bitstream'),
  sha256: z.string().describe('of its bitstream'),
  fmt: z.string().describe('version of its container (codec/FORMAT.md)'),
  /** Older boxes leave these out: each of their frames stands alone. */
  key: z.boolean().default(true).describe('false: decodes only after the frames of its segment before it'),
  segment: z.string().optional().describe('name of the keyframe its segment begins with'),
  model: z.string().describe('the bundle that coded it'),
  pinned: z.boolean().describe('whether it is kept whatever happens'),
})
export type Described = z.infer<typeof Described>
const ok = { transaction, status: z.literal('ok') }
const cursor = z.string().optional().describe('absent: that was all')
/**
 * Answers, by verb. A `get` is answered by up to n messages, one per block of at most 64 KiB, base64 in `data`;
 * `off` is the block's offset and `total` the bitstream's length, so a cut transfer is resumed at off + block length.
 */
export const responses = {
  list: z.union([z.object({ ...ok, items: z.array(Described).describe('in the order of time'), cursor }), Failure]),
  events: z.union([
    z.object({ ...ok, items: z.array(StoredEvent).describe('each as it was told last'), cursor }),
    Failure,
  ]),
  describe: z.union([z.object({ ...ok, item: Described.describe('as in the answer to list') }), Failure]),
  results: z.union([
    z.object({
      ...ok,
      items: z
        .array(
          z.object({
            seq: count.describe('of the frame'),
            cls: ClassifyResult.optional().describe('as on its topic'),
            seg: SegmentResult.optional().describe('as on its topic'),
            evt: z.array(EventMessage).optional().describe('as on their topic'),
            bits: z
              .object({ prev: ResultBase.shape.prev.describe('as in its user property `prev`') })
              .optional()
              .describe('asked with `published`: there when its bitstream went out'),
          }),
        )
        .describe('by frame'),
      gone: z
        .array(z.object({ from: count.describe('first seq'), to: count.describe('last seq') }))
        .describe('first and last seq of what was taken and is in the archive no more, or never came into it'),
      left: z
        .array(z.object({ from: count.describe('first seq'), to: count.describe('last seq') }))
        .optional()
        .describe('asked with `published`: first and last seq of frames that `publish` left out'),
      next: count.optional().describe('there is more: ask again from this seq'),
      last: count.optional().describe('of a run that is over: the last frame that has been in the archive'),
    }),
    Failure,
  ]),
  get: z.union([
    z.object({
      ...ok,
      ref: z.string().describe('as asked for'),
      off: count.describe('of the first byte of data'),
      total: count.describe('length of the whole'),
      sha256: z.string().describe('of the whole'),
      data: z.string().describe('at most 64 KiB, base64'),
    }),
    Failure,
  ]),
  keyframe: z.union([z.object(ok), Failure]),
  pin: z.union([z.object({ ...ok, item: Described.describe('as in the answer to list') }), Failure]),
  unpin: z.union([z.object({ ...ok, item: Described.describe('as in the answer to list') }), Failure]),
  bundle: z.union([
    z.object({
      ...ok,
      id: z.string().describe('of the bundle'),
      bundle: bundleSha256,
      state: z
        .enum(['receiving', 'checking', 'added', 'chosen', 'running'])
        .describe('chosen: from the next start on, which may be under way; running: a frame of it has come'),
      wants: z
        .array(
          z.object({
            file: z.string().describe('its name'),
            off: count.describe('from where on'),
            bytes: count.describe('of the whole file'),
          }),
        )
        .optional()
        .describe(
          'files that are not whole yet, each from where on; what the box has of another bundle it does not want',
        ),
      part_bytes: count.optional().describe('of a part, at most'),
      next: count.optional().describe('from where on the file of this part goes on'),
    }),
    Failure,
  ]),
}
