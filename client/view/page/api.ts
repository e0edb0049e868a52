/** The page's questions to its server. What went wrong is an Error with a sentence for people. */
import type { BundleView } from '../api/bundle.js'
import type { Session } from '../api/routes.js'
import type { Activity, Page, Results, SegmentView, StoredEvent } from '../source.js'

/** The server's own sentence. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

type Values = Readonly<Record<string, string | number | undefined>>

const addressOf = (name: string, values: Values): string => {
  const given = Object.entries(values).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  )
  const query = new URLSearchParams(given).toString()
  return `api/${name}${query === '' ? '' : `?${query}`}`
}

async function ask(name: string, values: Values = {}, init: RequestInit = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(addressOf(name, values), init)
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause
    throw new Error('The viewing server does not answer. Is `blindsight view` still running?', { cause })
  }
  if (response.ok) return response
  const said = (await response.json().catch(() => undefined)) as { error?: string } | undefined
  throw new Refused(response.status, said?.error ?? `the viewing server answered ${response.status}`)
}

const json = async <T>(name: string, values?: Values, init?: RequestInit): Promise<T> =>
  (await ask(name, values, init)).json() as Promise<T>
const bytes = async (name: string, values?: Values, init?: RequestInit): Promise<Uint8Array> =>
  new Uint8Array(await (await ask(name, values, init)).arrayBuffer())

export const session = (): Promise<Session> => json('session')
export const events = (values: Values, signal?: AbortSignal): Promise<Page<StoredEvent>> =>
  json('events', values, signal ? { signal } : {})
export const recent = (): Promise<StoredEvent[]> => json('recent')
export const activity = (values: Values, signal?: AbortSignal): Promise<Activity> =>
  json('activity', values, signal ? { signal } : {})
export const segments = (values: Values): Promise<SegmentView[]> => json('segments', values)
export const segment = (dev: string, ref: string): Promise<Uint8Array> => bytes('segment', { dev, ref })
export const results = (values: Values): Promise<Results> => json('results', values)
export const bundle = (hash: string): Promise<BundleView> => json('bundle', { hash })
export const bundlePart = (hash: string, part: 'decoder' | 'context'): Promise<Uint8Array> =>
  bytes(`bundle/${part}`, { hash })
export const keyframe = (dev: string, cam: string): Promise<unknown> =>
  json('keyframe', { dev, cam }, { method: 'POST' })
export const liveAddress = (pictures: readonly string[]): string =>
  addressOf('live', { pictures: pictures.length > 0 ? pictures.join(',') : undefined })

/** Why nothing comes live, in the server's words, which an EventSource does not tell; undefined: it would come now. */
export async function liveFault(): Promise<string | undefined> {
  const stop = new AbortController()
  try {
    // Without pictures: nothing is seen by it, and nothing is written down.
    await ask('live', {}, { signal: stop.signal })
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    stop.abort()
  }
}
