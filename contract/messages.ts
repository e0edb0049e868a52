/**
 * The JSON payloads, as schemas: the agent's types, the client's validation and the files in docs/schema come from here.
 * A result is identified by (dev, cam, boot, seq); seq counts from 0 without gaps per camera and boot.
 */
import { z } from 'zod'
import { bootPattern, eventIdPattern, idPattern, refPattern } from './names.js'
import { isoExpected, isoMs } from './time.js'

const id = z.string().regex(idPattern)
/** What is known of a time: right, not known yet, or not known when the frame was taken and set right since. */
const clk = z.enum(['ok', 'unsynced', 'restamped'])
const count = z.number().int().nonnegative()

const ResultBase = z.object({
  v: z.literal(1),
  dev: id,
  cam: id,
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
      'the answer is that for the frame of this seq, same boot: the networks did not look at this one, as hardly anything has changed since, or as frames waited; with `publish` other than every that frame may not have gone out',
    ),
  ts: z.iso.datetime().describe('capture time, UTC'),
  mono_ns: z.string().regex(/^\d+$/).describe("capture time on the box's monotonic clock, nanoseconds, decimal"),
  clk,
  frame: z.object({ w: count, h: count }),
  model: z.object({ id: z.string(), sha256: z.string(), ep: z.string().describe('execution provider that ran') }),
  lat: z.object({ shape: z.array(count).length(3).describe('C, H/8, W/8'), bpp: z.number() }),
  bits: z.object({
    ref: z.string().describe('name in the archive: cam/boot/seq'),
    bytes: count,
    sha256: z.string(),
    fmt: z.enum(['blindsight.frame.v1', 'blindsight.frame.v2']),
    key: z.boolean().describe('false: decodes only after the frames of its segment before it'),
    segment: z.string().describe('name of the keyframe its segment begins with: cam/boot/seq'),
    archived: z.literal(false).optional().describe('there when the archive could not take the bitstream: it is lost'),
  }),
  q: z.object({
    lat_ms: z.number().describe('capture to commit'),
    age_ms: z.number().describe('capture to publish'),
    dropped: count.describe('frames of this camera dropped before inference since the agent started'),
  }),
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
        id: z.string(),
        label: z.string(),
        p: z.number().min(0).max(1),
        there: z.boolean().optional().describe('of tags, which stand each for itself: p is above the threshold'),
      }),
    )
    .describe('most probable first'),
})
export type ClassifyResult = z.infer<typeof ClassifyResult>

export const SegmentResult = ResultBase.extend({
  seg: z.object({
    w: count,
    h: count,
    classes: z.array(
      z.object({
        id: count,
        label: z.string(),
        frac: z.number().min(0).max(1),
        moving: z.number().min(0).max(1).optional().describe('share of its places that changed within the last second'),
      }),
    ),
    mask: z.object({
      enc: z.literal('rle'),
      data: z.array(count).describe('class id, run length, class id, run length, … over the rows from the top left'),
    }),
  }),
})
export type SegmentResult = z.infer<typeof SegmentResult>

const moment = z.iso.datetime()
const zone = z.string().nullable().describe('null: the whole picture')
const eventId = z.string().regex(eventIdPattern)

/** One id has one start and one end, each told at least once. */
const ref = z.string().regex(refPattern, 'expected cam/boot/seq')

export const EventMessage = z.object({
  v: z.literal(1),
  ...ResultBase.pick({ dev: true, cam: true, boot: true }).shape,
  seq: count.describe('of the frame that it is told with; of an event that a restart ended: the last one before that'),
  ts: ResultBase.shape.ts,
  mono_ns: ResultBase.shape.mono_ns.optional(),
  clk,
  id: eventId,
  phase: z.enum(['start', 'update', 'end']),
  class: z.string(),
  label: z.string(),
  zone,
  since: moment.describe('of the first frame in which it was seen'),
  until: moment.describe('of the last one so far'),
  peak: z.object({
    p: z.number().min(0).max(1).describe('of its most probable tag'),
    share: z.number().min(0).max(1).describe('of the zone, or the picture'),
    ts: moment,
  }),
  bits: z.object({ first: ref, last: ref }).describe('names in the archive, cam/boot/seq, of the same frames'),
  reason: z
    .enum(['restart', 'gap'])
    .optional()
    .describe('of an end that nobody saw: the agent was started again, or the camera was away for more than a minute'),
  hist: z.boolean(),
})
export type EventMessage = z.infer<typeof EventMessage>

/** As it stands in a frame's result, and in the archive. */
export const StoredEvent = EventMessage.omit({ hist: true })

export const NowMessage = z.object({
  v: z.literal(1),
  ts: moment.describe('when this became so'),
  motion: z.boolean().optional().describe('whether anything moves; absent: nobody looks'),
  present: z.array(z.object({ class: z.string(), label: z.string(), zone, since: moment, id: eventId })),
})
export type NowMessage = z.infer<typeof NowMessage>

export type DeviceState = 'starting' | 'online' | 'degraded' | 'stopped' | 'offline'
export const DeviceStateMessage = z.object({
  v: z.literal(1),
  state: z.enum(['starting', 'online', 'degraded', 'stopped', 'offline']),
  session: z.string(),
  ts: z.iso.datetime(),
  reason: z.string().optional(),
})

export const CameraStateMessage = z.object({
  v: z.literal(1),
  state: z.enum(['online', 'offline', 'stalled', 'disabled']),
  reason: z.string(),
  since: z.iso.datetime(),
})

export const InfoMessage = z.object({
  v: z.literal(1),
  dev: id,
  version: z.string(),
  boot: z.string(),
  session: z.string().describe('as in the state message'),
  bundle: z.object({
    id: z.string(),
    sha256: z.string(),
    files: z.record(z.string(), z.string()).describe('the first 16 digits of each SHA-256'),
  }),
  providers: z.record(z.string(), z.string()).describe('execution provider that really runs, by graph'),
  cameras: z.array(z.object({ id, width: count, height: count, fps: z.number(), heads: z.array(z.string()) })),
})

/** What boxes of an earlier version leave out is optional. */
export const HealthMessage = z.object({
  v: z.literal(1),
  ts: z.iso.datetime(),
  state: DeviceStateMessage.shape.state.optional(),
  reason: z.string().optional().describe('of a state that is not online'),
  uptime_s: count.optional().describe('since the agent started with this configuration'),
  broker: z
    .object({ connected: z.boolean(), connects: count, reason: z.string().optional().describe('why not connected') })
    .optional(),
  bundle: z
    .object({
      id: z.string(),
      sha256: z.string(),
      fell_back: z
        .object({ from: z.string(), why: z.string(), at: z.iso.datetime() })
        .optional()
        .describe('the chosen bundle that did not run, in whose place this one came back; until another is chosen'),
    })
    .optional(),
  clock: z
    .object({ known: z.boolean().describe('age limits apply only then'), reason: z.string() })
    .optional()
    .describe('absent: a box of an earlier version'),
  cams: z.array(
    z.object({
      id,
      state: CameraStateMessage.shape.state,
      reason: z.string().optional(),
      since: z.iso.datetime().optional(),
      fps_in: z.number().describe('over the last half minute'),
      fps_encoded: z.number(),
      frames_in: count.optional().describe('since the agent started'),
      frames_encoded: count.optional(),
      frames_held: count
        .optional()
        .describe(
          'of those encoded: as good as nothing had changed, the answer for a frame before was kept (`analyse`)',
        ),
      frames_pressed: count
        .optional()
        .describe(
          'of those encoded: the answer for a frame before was kept although something had changed, as frames waited',
        ),
      frames_left_out: count.optional().describe('of those encoded: not published, as `publish` says; archived'),
      dropped: count,
    }),
  ),
  drops: z.record(z.string(), count).describe('since the agent started, by reason'),
  outbox: z.object({ frames: count, bytes: count, oldest_s: count }),
  archive: z.object({
    frames: count,
    bytes: count,
    evicted: count,
    evictions: z
      .record(z.string(), count)
      .optional()
      .describe('frames since the agent started, by age, bytes, free_space, disk_full, outbox_age, outbox_bytes'),
    last_eviction: z
      .object({ why: z.string(), frames: count, from: z.iso.datetime(), to: z.iso.datetime() })
      .nullable()
      .optional(),
    restamped: count.optional().describe('frames moved to their right time since the agent started'),
    age_limits_lag_s: count.optional().describe('by how much age limits have still to catch up with the clock'),
    days_left: z.number().nullable().describe('until frames are evicted, by age, bytes or free space'),
    reason: z.string().optional().describe('there while no frame is archived: why'),
    taking_over: z
      .object({
        file: z.string(),
        part: z.number().describe('0 to 1'),
        taken: count.describe('frames'),
        unreadable: count.describe('frames'),
        waiting: z.string().optional().describe('why it does not go on'),
      })
      .optional()
      .describe('there while what can be read of a damaged archive is taken over'),
  }),
  published: z.record(z.string(), count),
  requests: z.record(z.string(), count),
  ms: z.record(z.string(), z.number()).describe('median per stage'),
  rss_mb: count,
  temp_c: z.number().nullable(),
  faults: z
    .array(z.object({ text: z.string(), count, first: z.iso.datetime(), last: z.iso.datetime() }))
    .optional()
    .describe('the last distinct warnings and errors of the log, latest first'),
})

const bytesLimit = 65536
export const BLOCK_BYTES = bytesLimit
const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)

/** Requests, by verb. `transaction` is echoed for clients without MQTT 5 correlation data. */
const transaction = z.string().max(128).optional()
const time = z
  .string()
  .refine((text) => isoMs(text) !== undefined, { error: isoExpected })
  .describe('ISO 8601 with an offset')
const className = z.string().min(1).max(32)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const bundleSha256 = sha256.describe('of its manifest.json')
export const requests = {
  list: z.strictObject({
    transaction,
    cam: id.optional(),
    class: className.optional().describe('frames within events of this class'),
    zone: id.optional().describe('frames within events in this zone'),
    event: eventId.optional().describe('frames within the event of this id'),
    from: time.optional(),
    to: time.optional(),
    limit: z.number().int().min(1).max(500).default(100),
    cursor: z
      .string()
      .max(64)
      .regex(/^(\d+:)?\d+$/)
      .optional(),
  }),
  events: z.strictObject({
    transaction,
    cam: id.optional(),
    class: className.optional(),
    zone: id.optional(),
    event: eventId.optional(),
    from: time.optional().describe('those that had not ended by then'),
    to: time.optional().describe('those that had begun by then'),
    limit: z.number().int().min(1).max(500).default(100),
    cursor: z
      .string()
      .max(128)
      .regex(/^\d+:[a-z0-9_-]+$/)
      .optional(),
  }),
  describe: z.strictObject({ transaction, ref }),
  results: z.strictObject({
    transaction,
    cam: id,
    boot: ResultBase.shape.boot,
    from: count.describe('first seq'),
    to: count.describe('last seq'),
  }),
  get: z.strictObject({
    transaction,
    ref,
    segment: z.boolean().default(false).describe('the whole segment that the frame is in, as a file with its index'),
    sha256: sha256
      .optional()
      .describe('of the file whose transfer goes on: a segment may have grown since its first block'),
    off: count.default(0),
    n: z.number().int().min(1).max(16).default(1),
  }),
  keyframe: z.strictObject({ transaction, cam: id.optional().describe('absent: every camera') }),
  pin: z.strictObject({ transaction, ref }),
  unpin: z.strictObject({ transaction, ref }),
  /** Networks for the box: offered, sent part by part, finished. Only where its configuration allows it. */
  bundle: z.discriminatedUnion('step', [
    z.strictObject({
      transaction,
      step: z.literal('offer'),
      manifest: z.base64().max(base64Length(bytesLimit)).describe('the bytes of manifest.json'),
      signature: z.base64().max(2048).optional().describe('the bytes of manifest.json.sig'),
      use: z.boolean().default(false).describe('it is to be used once it is there'),
    }),
    z.strictObject({
      transaction,
      step: z.literal('part'),
      bundle: bundleSha256,
      file: z.string().max(64),
      off: count,
      sha256: sha256.describe('of this part'),
      data: z.base64().max(base64Length(bytesLimit)),
    }),
    z.strictObject({
      transaction,
      step: z.literal('finish'),
      bundle: bundleSha256,
      use: z.boolean().default(false),
    }),
  ]),
}

export type ResponseCode = z.infer<typeof Failure>['code']

const Failure = z.object({
  transaction,
  status: z.literal('error'),
  code: z.enum([
    ...['not_found', 'evicted', 'damaged', 'changed', 'busy', 'too_large', 'bad_request'],
    ...['not_allowed', 'refused'],
  ] as const),
  message: z.string(),
})
const Described = z.object({
  ref: z.string(),
  ts: z.string(),
  clk: clk.optional().describe('whether ts is known, as in results; left out of frames of earlier versions'),
  bytes: count,
  sha256: z.string(),
  fmt: z.string(),
  /** Older boxes leave these out: each of their frames stands alone. */
  key: z.boolean().default(true),
  segment: z.string().optional(),
  model: z.string(),
  pinned: z.boolean(),
})
export type Described = z.infer<typeof Described>
const ok = { transaction, status: z.literal('ok') }
/**
 * Answers, by verb. A `get` is answered by up to n messages, one per block of at most 64 KiB, base64 in `data`;
 * `off` is the block's offset and `total` the bitstream's length, so a cut transfer is resumed at off + block length.
 */
export const responses = {
  list: z.union([z.object({ ...ok, items: z.array(Described), cursor: z.string().optional() }), Failure]),
  events: z.union([z.object({ ...ok, items: z.array(StoredEvent), cursor: z.string().optional() }), Failure]),
  describe: z.union([z.object({ ...ok, item: Described }), Failure]),
  results: z.union([
    z.object({
      ...ok,
      items: z.array(
        z.object({
          seq: count,
          cls: ClassifyResult.optional(),
          seg: SegmentResult.optional(),
          evt: z.array(EventMessage).optional(),
        }),
      ),
      gone: z
        .array(z.object({ from: count, to: count }))
        .describe('first and last seq of what was taken and is in the archive no more, or never came into it'),
      next: count.optional().describe('there is more: ask again from this seq'),
    }),
    Failure,
  ]),
  get: z.union([
    z.object({ ...ok, ref: z.string(), off: count, total: count, sha256: z.string(), data: z.string() }),
    Failure,
  ]),
  keyframe: z.union([z.object(ok), Failure]),
  pin: z.union([z.object({ ...ok, item: Described }), Failure]),
  unpin: z.union([z.object({ ...ok, item: Described }), Failure]),
  bundle: z.union([
    z.object({
      ...ok,
      id: z.string(),
      bundle: bundleSha256,
      state: z
        .enum(['receiving', 'checking', 'added', 'chosen', 'running'])
        .describe('chosen: from the next start on, which may be under way; running: a frame of it has come'),
      wants: z
        .array(z.object({ file: z.string(), off: count, bytes: count }))
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
