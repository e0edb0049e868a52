/** What a collector subscribes to, and what a message of it is. */
import { checked } from '../../contract/issue.js'
import {
  CameraStateMessage,
  DeviceStateMessage,
  HealthMessage,
  InfoMessage,
  NowMessage,
} from '../../contract/messages.js'
import { idPattern } from '../../contract/names.js'
import { type ResultKind, resultFilters } from '../../contract/topics.js'
import type { Message } from '../broker/mqtt.js'
import { type Incoming, readIncoming } from '../listen/incoming.js'
import type { StateMessage, Told } from '../store/store.js'

export type Read = { readonly message: Incoming } | { readonly state: StateMessage }

const kinds: readonly ResultKind[] = ['cls', 'seg', 'evt', 'bits']

/** Results, divided among the collectors of a group where the broker can do that. */
export const resultTopics = (base: string, group: string | undefined, bits: boolean): string[] =>
  resultFilters(base, '+', bits ? kinds : kinds.filter((kind) => kind !== 'bits')).map((filter) =>
    group === undefined ? filter : `$share/${group}/${filter}`,
  )

/** States, which are retained: who divides them gets none of those. */
export const stateTopics = (base: string): string[] => [
  ...['state', 'info', 'health'].map((what) => `${base}/v1/+/${what}`),
  ...['state', 'now'].map((what) => `${base}/v1/+/cam/+/${what}`),
]

/** The largest message of a box, a keyframe or a mask, has some hundred kB. */
const MOST_BYTES = 8 * 2 ** 20

export interface Listening {
  /** For how long. */
  readonly seconds: number
  /** Whether bitstreams are wanted. */
  readonly bits: boolean
}

/** @throws {Error} saying what is wrong with it. @returns undefined of what is no news: a retained message that was deleted */
export function read(base: string, message: Message, at: string, listening: Listening): Read | undefined {
  const [dev = '', branch = '', cam = '', what = ''] = message.topic.slice(`${base}/v1/`.length).split('/')
  if (!idPattern.test(dev)) throw new Error(`unexpected topic ${message.topic}`)
  const { length } = message.payload
  if (length > MOST_BYTES) throw new Error(`a payload of ${length} bytes, more than any message of ours`)
  const onCamera = branch === 'cam' && (what === 'state' || what === 'now')
  const onDevice = cam === '' && (branch === 'state' || branch === 'info' || branch === 'health')
  if (!onCamera && !onDevice) return { message: readIncoming(base, message) }
  if (message.payload.length === 0) return undefined
  const json = JSON.parse(Buffer.from(message.payload).toString('utf8'))
  const text = JSON.stringify(json)
  if (onCamera && what === 'now') {
    checked(NowMessage, json)
    return { state: { what: 'now', dev, cam, json: text, at } }
  }
  if (onCamera) return { state: { what: 'camera', dev, cam, at, ...checked(CameraStateMessage, json) } }
  if (branch === 'state') return { state: { what: 'state', dev, at, ...checked(DeviceStateMessage, json) } }
  if (branch === 'health') {
    const runs = runsOf(checked(HealthMessage, json), listening, message.retained)
    return { state: { what: 'health', dev, json: text, at, runs } }
  }
  const { boot } = checked(InfoMessage, json)
  return { state: { what: 'info', dev, json: text, at, boot } }
}

/** How far the broker has what the cameras have published. */
function runsOf({ cams, uptime_s }: HealthMessage, { seconds, bits: wanted }: Listening, retained = false): Told[] {
  // What nobody listened to is nobody's loss: a run that began before, and what was said since a message that the broker has kept.
  const began = uptime_s !== undefined && uptime_s < seconds ? 'all' : 'onwards'
  const due = retained ? 'known' : began
  return cams.flatMap(({ id: cam, newest, frames_left_out }) => {
    if (!newest) return []
    const { boot, bits, ...results } = newest
    const of = { ...results, ...(wanted && bits !== undefined && { bits }) }
    return [{ cam, boot, due, thinned: Boolean(frames_left_out), newest: of }]
  })
}
