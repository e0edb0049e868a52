/** Every topic, as it is published; test/e2e/mosquitto.test.ts holds QoS and retained against what a broker gets. */
import { type RequestVerb, Topics } from '../../../contract/topics.js'

export interface Topic {
  readonly topic: string
  readonly retained?: true
  /** Name of the schema and of the example. */
  readonly payload?: string
  readonly what: string
}

const topics = new Topics('<base>', '<device>')
const cam = '<cam>'

/** All with QoS 1: the agent publishes nothing else with 0 unless the broker allows no more. */
export const QOS = 1

export const published: readonly Topic[] = [
  {
    topic: topics.state(),
    retained: true,
    payload: 'device-state',
    what: 'the box: `starting`, `online`, `degraded` (it works, but look at `reason`), `stopped`, or `offline` by the last will. Ignore an `offline` whose session is not the newest',
  },
  {
    topic: topics.info(),
    retained: true,
    payload: 'info',
    what: 'what runs there: version, networks, cameras; under 4 KB',
  },
  {
    topic: topics.health(),
    retained: true,
    payload: 'health',
    what: 'its figures, every `healthSeconds` (60): rates, losses by reason, outbox, archive, times',
  },
  {
    topic: topics.camState(cam),
    retained: true,
    payload: 'camera-state',
    what: 'a camera: there or away, why, since when',
  },
  {
    topic: topics.camNow(cam),
    retained: true,
    payload: 'now',
    what: 'who or what is there now, and whether anything moves',
  },
  { topic: topics.result('evt', cam), payload: 'event', what: 'who or what comes and goes' },
  { topic: topics.result('cls', cam), payload: 'classify', what: 'what a frame shows: tags, a probability each' },
  { topic: topics.result('seg', cam), payload: 'segment', what: 'which part of a frame belongs to what: a mask' },
  {
    topic: topics.result('bits', cam),
    what: 'the bitstream of a frame, binary, one record a message ([codec/FORMAT.md](../../codec/FORMAT.md)); content type `application/vnd.blindsight.frame`; user properties `boot`, `seq`, `sha256`, `key`, with `publish` also `prev`',
  },
  {
    topic: topics.result('cls', cam, true),
    payload: 'classify',
    what: 'and `seg`, `evt`, `bits` there: the same, published late after an outage, with `hist: true`. “Now” is never overwritten by history',
  },
]

export const REQUEST = topics.request('+').replace('+', '<verb>')
export const RESPONSE = topics.response('+').replace('+', '<verb>')

export const verbs: Readonly<Record<RequestVerb, string>> = {
  list: 'Frames that are in the archive, in the order of time. With `class`, `zone` or `event` those that lie in such events.',
  events: 'Events that the archive still has frames of; with `from` and `to` those that were going on then.',
  describe: 'One frame.',
  results:
    'What was published of archived frames, again, some fifty at a time: for whoever has missed it. What lies behind the newest frame is in neither `items` nor `gone`.',
  get: 'One frame’s record or, with `segment`, the whole segment that it is in, as a file with its index. Up to `n` answers, a block of at most 64 KiB each, base64 in `data`. A cut transfer goes on at `off` + the length of what came; a segment may grow meanwhile: with the `sha256` of the first answer you go on with the file that you began. If a stored record is damaged, the file has the frames before it.',
  keyframe:
    'The next frame of the camera is a keyframe: one that decodes without those before it. At most one a second.',
  pin: 'The whole segment of the frame is never evicted.',
  unpin: 'It may be evicted again.',
  bundle:
    'A signed bundle, where `bundles.overMqtt` allows it: first its manifest and signature, then parts of the files that the box asks for, then whether to use it ([how-to/bundles.md](../how-to/bundles.md#over-mqtt)). A program sends it: `blindsight bundle send`.',
}
