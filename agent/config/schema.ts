/** The configuration, once: names, units in the names, defaults, limits. docs/schema/config.schema.json is generated from it. */
import { heads } from '../../contract/bundle.js'
import { DEFAULT_BUNDLE } from '../bundles.js'
import { between, file, host, megabytes, name, seconds, text, whereRight, whole, z } from './kinds.js'
import { SOURCES } from './source.js'
import { EventRule, Threshold, Zone } from './watch.js'

/** More than three cells of 448x256; docs/background/field-1.md has what it costs and saves. */
const GATE = 0.002
/** docs/background/looking-again.md has what other rests cost and save. */
const REST_SECONDS = 0.3

export const FRAME_MULTIPLE = 16
const side = whole(FRAME_MULTIPLE, 4096).refine((n) => n % FRAME_MULTIPLE === 0, {
  error: `sides must be multiples of ${FRAME_MULTIPLE}`,
})

const Decode = z
  .strictObject({
    hwaccel: z
      .string()
      .regex(/^[a-z0-9_]+$/, 'use a name that `ffmpeg -hwaccels` shows, like vaapi or cuda, auto or none')
      .default('none')
      .describe(
        'where pictures are decoded; auto: by whatever ffmpeg finds; where the box has not what is named, the processor does it after one failed start',
      ),
    skip: z
      .enum(['none', 'nonref', 'nokey'])
      .default('none')
      .describe(
        'pictures that are not decoded: nonref: those that no other needs (B-frames); nokey: all but keyframes',
      ),
  })
  .describe("what decoding the camera's stream costs: `blindsight doctor` measures it")

const Analyse = z
  .strictObject({
    gate: z
      .union([z.enum(['off', 'exact']), between(0, 1)], {
        error: 'write off, exact, or a share of the picture like 0.002',
      })
      .default(GATE)
      .describe(
        'when the networks look again: once a larger share of the picture has changed since they did, or anything at an object; exact: at the smallest change; off: at every frame',
      ),
    refreshSeconds: seconds(0.1, 3600).default(2).describe('they look again at least so often'),
    restSeconds: seconds(0, 60)
      .default(REST_SECONDS)
      .describe(
        'while something moves all the time, and they go on saying the same of it, they look at most so often; 0: at every frame',
      ),
  })
  .describe('on a picture that stays as it is their answer holds, and is published as such (same_as)')

const CameraKeys = z.strictObject({
  id: name().describe('its name, in topics and in the archive'),
  source: text().describe(`where its frames come from: ${SOURCES}; \${NAME} in it is taken from the environment`),
  username: text().optional().describe('of the camera; instead of rtsp://username:password@… ; may be $NAME in braces'),
  usernameFile: file().optional().describe('a file that holds the username'),
  password: text().optional().describe('of the camera, as it is, nothing encoded; may be $NAME in braces'),
  passwordFile: file().optional().describe('a file that holds the password'),
  transport: z
    .enum(['auto', 'tcp', 'udp'])
    .default('auto')
    .describe('rtsp only; auto: tcp, or udp where the camera offers no tcp'),
  inputFormat: z
    .string()
    .regex(/^[a-z0-9_]+$/, 'use a name that `ffmpeg -f v4l2 -list_formats all -i DEVICE` shows, like mjpeg or yuyv422')
    .optional()
    .describe('video devices only: what the device sends; default: what the driver prefers'),
  inputSize: z
    .string()
    .regex(/^[1-9]\d{1,4}x[1-9]\d{1,4}$/, 'expected WIDTHxHEIGHT, like 1280x720')
    .optional()
    .describe('video devices only: the size that the device sends'),
  fit: z
    .enum(['crop', 'pad', 'stretch'])
    .default('crop')
    .describe(
      "another shape than width x height: crop cuts the edges off and keeps proportions, as the networks' training did; pad adds bars; stretch distorts",
    ),
  width: side.default(448).describe(`of what the networks see, a multiple of ${FRAME_MULTIPLE}`),
  height: side.default(256).describe(`of what the networks see, a multiple of ${FRAME_MULTIPLE}`),
  fps: between(0.01, 120).default(10).describe('frames a second that are taken, at most: none is made up'),
  heads: z
    .array(z.enum(heads))
    .max(heads.length)
    .optional()
    .describe(
      'default: all that the bundle has; analyse answers for classify and segment; []: coded and archived only',
    ),
  decode: Decode.prefault({}),
  analyse: Analyse.prefault({}),
  coding: z
    .enum(['static', 'fast', 'max'])
    .default('fast')
    .describe('entropy coding: max is smallest and takes longest; static predicts nothing, every frame stands alone'),
  keyframeSeconds: seconds(0.1, 300)
    .default(5)
    .describe('a keyframe at least so often: the cost of random access, and of what one lost frame takes with it'),
  zones: z.array(Zone).max(32).optional().describe('parts of the picture that events can be about'),
  events: z
    .array(EventRule)
    .max(64)
    .optional()
    .describe(
      'what is told when it comes and goes; default: people, vehicles, two-wheelers and animals, anywhere; []: none',
    ),
  publish: z
    .union(
      [
        z.enum(['every', 'on_change', 'events']),
        z.strictObject({ everySeconds: seconds(0.1).describe('the frame is then a keyframe') }),
      ],
      { error: 'write every, on_change, events or {everySeconds: 60}' },
    )
    .default('every')
    .describe(
      'which frames go out over MQTT (cls, seg and bitstream): every one, those in which something changed, those in which something is present, or one in so many seconds; events, now and health always go out, and every frame is archived',
    ),
  thresholds: z
    .record(z.string(), Threshold)
    .optional()
    .describe(
      "by tag of the bundle (person, car, …), instead of the bundle's own: a camera that sees too much or too little",
    ),
  enabled: z.boolean().default(true).describe('false: the camera is not opened, and its state is `disabled`'),
  loop: z.boolean().default(true).describe('video files only: start again at the end'),
  pace: z
    .enum(['realtime', 'fast'])
    .default('realtime')
    .describe('video files only; fast waits for the pipeline and drops nothing'),
  stallSeconds: seconds(0.5, 3600)
    .optional()
    .describe(
      "no frame for this long: the capture is restarted; default: 10, or three frames' time where that is longer",
    ),
})

export const Camera = CameraKeys.superRefine(
  ({ fps, stallSeconds }, context) => {
    if (stallSeconds === undefined || stallSeconds * fps >= 2) return
    context.addIssue({
      code: 'custom',
      path: ['stallSeconds'],
      message: `${stallSeconds} s is less than two frames take at fps ${fps}: leave it out, or at least ${Math.ceil(2 / fps)}`,
    })
  },
  whereRight('fps', 'stallSeconds'),
)
export type Camera = z.infer<typeof Camera>

const Mqtt = z.strictObject({
  url: z
    .string()
    .regex(/^(mqtts?|wss?):\/\//, 'expected mqtt://host:port or mqtts://host:port')
    .optional()
    .describe('the broker, mqtt://host:port, or mqtts:// for TLS; absent: one inside, on this machine only'),
  base: z
    .string()
    .max(128)
    .regex(/^[a-z0-9_-]+(\/[a-z0-9_-]+)*$/, 'use levels of a-z 0-9 _ - with / between them, like blindsight')
    .default('blindsight')
    .describe('what all topics begin with: levels of a-z 0-9 _ - with / between them'),
  username: text().optional().describe('at the broker; may be $NAME in braces'),
  usernameFile: file().optional().describe('a file that holds the username'),
  password: text()
    .optional()
    .describe(
      'at the broker; may be $NAME in braces, from the environment; better: passwordFile, or BLINDSIGHT_MQTT_PASSWORD in the environment',
    ),
  passwordFile: file().optional().describe('a file that holds the password'),
  clientId: text()
    .max(128)
    .regex(/^\S+$/, 'a client id has no spaces')
    .optional()
    .describe('default: blindsight-DEVICE; for brokers that want a certain one, or a prefix'),
  caFile: file().optional().describe("whom to trust beside the system's: the certificate of the broker's issuer, PEM"),
  certFile: file().optional().describe("the box's own certificate, PEM; belongs together with keyFile"),
  keyFile: file().optional().describe('its key, PEM'),
  keepaliveSeconds: whole(5, 65_535)
    .default(30)
    .describe('a broker that has said nothing for one and a half times as long is left'),
  embeddedPort: whole(0, 65_535).default(1883).describe('of the broker inside; 0: any free one, said in the log'),
  publishBitstreams: z
    .boolean()
    .default(true)
    .describe('false on a metered link: bitstreams stay in the archive until asked for'),
  historyPerSecond: between(0.1, 1000).default(50).describe('frames a second that are back-filled after an outage'),
})

const ArchiveKeys = z.strictObject({
  maxMegabytes: megabytes(1).default(4096).describe('what goes beyond goes, the oldest first'),
  maxDays: between(0.001, 36_500).default(30).describe('what is older goes'),
  keepEventsDays: between(0.001, 36_500)
    .optional()
    .describe(
      'segments that an event touches are kept for so long, and go last where room runs out; absent: they go with the others',
    ),
  minFreeMegabytes: megabytes(0).default(256).describe('disk space that the archive leaves free'),
  keepNewestMinutes: between(0, 100_000)
    .default(60)
    .describe('so much of what came last is kept even where less is free than should be'),
})

const Archive = ArchiveKeys.superRefine(
  ({ maxDays, keepEventsDays = maxDays }, context) => {
    if (keepEventsDays >= maxDays) return
    context.addIssue({
      code: 'custom',
      path: ['keepEventsDays'],
      message: `${keepEventsDays} is less than maxDays, ${maxDays}: write at least that, or leave it out`,
    })
  },
  whereRight('maxDays', 'keepEventsDays'),
)

const Clock = z.strictObject({
  trust: z
    .enum(['auto', 'always'])
    .default('auto')
    .describe("always: this box's clock is right although no NTP says so (a GPS, a battery-backed clock)"),
})

const Outbox = z.strictObject({
  maxMegabytes: megabytes(1).default(512).describe('so much may wait for the broker'),
  maxHours: between(0.01, 876_000)
    .default(72)
    .describe('and for so long; then it is not published any more, and stays in the archive'),
  onFull: z
    .enum(['drop_oldest', 'drop_newest', 'thin'])
    .default('drop_oldest')
    .describe('what goes where more waits; thin: results stay, bitstream pushes go'),
})

const Bundles = z
  .strictObject({
    publicKey: text()
      .optional()
      .describe(
        'ed25519: 32 bytes in base64, or the path of a PEM file; then only bundles that its owner has signed are added and used',
      ),
    overMqtt: z
      .boolean()
      .default(false)
      .describe('true: a signed bundle may also come over MQTT (`blindsight bundle send`); needs publicKey'),
  })
  .describe('networks that come after the package: docs/how-to/bundles.md')

const Http = z.strictObject({
  port: whole(0, 65_535).describe('of /metrics and /healthz; 0: any free one, said in the log'),
  host: host()
    .default('127.0.0.1')
    .describe('another address than this machine only where asked for: there is no password'),
})

export const provider = z.enum(['tensorrt', 'cuda', 'cpu'])
export type Provider = z.infer<typeof provider>

export const Config = z.strictObject({
  device: name().optional().describe('default: made from the machine id'),
  bundle: text()
    .optional()
    .describe(
      `a bundle of the package, one that was added, or the path of a bundle folder; absent: what \`blindsight bundle use\` has chosen, else ${DEFAULT_BUNDLE}`,
    ),
  bundles: Bundles.prefault({}),
  stateDir: text().default('/var/lib/blindsight').describe('the folder of archive, outbox and compiled networks'),
  providers: z
    .array(provider)
    .min(1)
    .max(3)
    .default(['tensorrt', 'cuda', 'cpu'])
    .describe('what the networks run on, in order of preference'),
  threads: whole(0, 256)
    .default(0)
    .describe(
      'CPU threads of the encoder and of the heads, each, which run side by side; 0: as few as keep up with the cameras, tried at the start',
    ),
  precision: z
    .enum(['auto', 'float'])
    .default('auto')
    .describe(
      'what networks on the CPU calculate with. auto: int8 where the processor has VNNI and the bundle such a graph, in about half the time; float: never int8',
    ),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('lines from this level on are written'),
  healthSeconds: seconds(1).default(60).describe('the health message goes out so often'),
  cameras: z.array(Camera).min(1).max(64).describe('what is watched'),
  mqtt: Mqtt.prefault({}).describe('where results go'),
  http: Http.optional().describe('absent: nothing is served'),
  homeAssistant: z
    .boolean()
    .default(false)
    .describe('true: Home Assistant, on the same broker, finds cameras and zones by itself (MQTT discovery)'),
  archive: Archive.prefault({}).describe('what is kept, and for how long'),
  outbox: Outbox.prefault({}).describe('what the broker has not acknowledged yet'),
  clock: Clock.prefault({}).describe('whether the time can be believed'),
})
export type Config = z.infer<typeof Config>
