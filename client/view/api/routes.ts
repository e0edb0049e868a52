/** What can be asked, and how each question is answered. Nothing here knows how HTTP is served. */
import { isoOf } from '../../../contract/time.js'
import type { Bundles } from '../../bitstreams/bundles.js'
import { timesOf } from '../audit.js'
import type { ViewSource } from '../source.js'
import { type BundlePart, bundlePart, describeBundle } from './bundle.js'
import { BadQuery, type Query } from './query.js'
import { Turns } from './turns.js'

export interface Looker {
  readonly who: string
  readonly address: string
}

export interface Session extends Looker {
  readonly place: string
  readonly version: string
}

/** JSON, or bytes with a SHA-256 if they never change under their name. */
export type Reply = { readonly json: unknown } | { readonly bytes: Uint8Array; readonly sha256?: string }

type Route = (query: Query, looker: Looker) => Promise<Reply>

export interface Api {
  readonly get: Readonly<Record<string, Route>>
  readonly post: Readonly<Record<string, Route>>
}

const MOST_DAYS = 31
const MOST_EVENTS = 5000
const MOST_BUCKETS = 2880
const MOST_SEGMENTS = 500
const MOST_RESULTS = 2000
const bundlePattern = /^[0-9a-f]{16}$/

export function routesOf(source: ViewSource, bundles: Bundles, version: string, now = () => Date.now()): Api {
  // A box answers 50 questions a second to everybody together.
  const turns = new Turns(4, 64)
  const json = async (value: unknown): Promise<Reply> => ({ json: await value })
  return {
    get: {
      session: (query, looker) => {
        query.done()
        return json({ ...looker, place: source.place, version } satisfies Session)
      },
      cameras: (query) => {
        query.done()
        return json(source.cameras())
      },
      recent: (query) => {
        query.done()
        return turns.take(() => json(source.recent()))
      },
      events: (query) => {
        const asked = {
          dev: query.optionalId('dev'),
          cam: query.optionalId('cam'),
          class: query.word('class'),
          zone: query.word('zone'),
          ...query.span(MOST_DAYS),
          limit: query.number('limit', 1, MOST_EVENTS, 500),
          cursor: query.cursor('cursor'),
        }
        query.done()
        return turns.take(() => json(source.events(asked)))
      },
      activity: (query) => {
        const dev = query.id('dev')
        const cam = query.id('cam')
        const { from, to } = query.span(MOST_DAYS)
        const buckets = query.number('buckets', 1, MOST_BUCKETS)
        query.done()
        return turns.take(() => json(source.activity(dev, cam, Date.parse(from), Date.parse(to), buckets)))
      },
      segments: (query) => {
        const asked = {
          dev: query.id('dev'),
          cam: query.id('cam'),
          ...query.span(MOST_DAYS),
          limit: query.number('limit', 1, MOST_SEGMENTS, 100),
        }
        query.done()
        return turns.take(() => json(source.segments(asked)))
      },
      segment: (query, { who, address }) => {
        const dev = query.id('dev')
        const ref = query.ref('ref')
        query.done()
        return turns.take(async () => {
          const bytes = await source.segment(dev, ref)
          const at = isoOf(now() * 1000)
          const times = timesOf(bytes) ?? { from: at, to: at }
          await source.audit({ ts: at, who, address, what: 'segment', dev, cam: ref.split('/')[0], ref, ...times })
          return { bytes }
        })
      },
      results: (query) => {
        const dev = query.id('dev')
        const cam = query.id('cam')
        const boot = query.boot('boot')
        const from = query.number('from', 0, 2 ** 32 - 1)
        const to = query.number('to', 0, 2 ** 32 - 1)
        if (to < from || to - from > MOST_RESULTS)
          throw new BadQuery(`from and to: at most ${MOST_RESULTS} frames, in order`)
        query.done()
        return turns.take(() => json(source.results(dev, cam, boot, from, to)))
      },
      bundle: (query) => {
        const hash = bundleHash(query)
        query.done()
        return json(describeBundle(bundles, hash))
      },
      'bundle/decoder': (query) => part(query, 'decoder'),
      'bundle/context': (query) => part(query, 'context'),
    },
    post: {
      keyframe: (query) => {
        const dev = query.id('dev')
        const cam = query.id('cam')
        query.done()
        source.keyframe(dev, cam)
        return json({})
      },
    },
  }

  async function part(query: Query, name: BundlePart): Promise<Reply> {
    const hash = bundleHash(query)
    query.done()
    return bundlePart(bundles, hash, name)
  }
}

function bundleHash(query: Query): string {
  const hash = query.optional('hash', bundlePattern, '16 hexadecimal digits')
  if (hash === undefined) throw new BadQuery('hash is missing')
  return hash
}

/** Cameras whose pictures a browser wants live. */
export function picturesOf(query: Query): ReadonlySet<string> {
  const camera = '[a-z0-9_-]{1,64}/[a-z0-9_-]{1,64}'
  const text = query.optional(
    'pictures',
    new RegExp(`^${camera}(,${camera}){0,15}$`),
    'at most 16 of device/camera, with commas',
  )
  query.done()
  return new Set(text?.split(',') ?? [])
}
