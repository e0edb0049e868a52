/** What is said of cameras, tags and events, in few words. */
import { eventWords, shareOf } from '../../../contract/event-words.js'
import type { CameraView, StoredEvent, Tag } from '../source.js'
import { clock, dayOf, duration } from './time.js'

/** Tags stand each for itself: those that are there. Of classes one is the answer. */
export function tagsShown(tags: readonly Tag[] = []): readonly Tag[] {
  return tags.some(({ there }) => there !== undefined)
    ? tags.filter(({ there }) => there)
    : tags.slice(0, 1).filter(({ p }) => p >= 0.3)
}

export type Health = 'well' | 'poor' | 'away'

export function healthOf({ box, state }: CameraView): Health {
  if (box === 'offline' || box === 'stopped' || state === 'offline' || state === 'disabled') return 'away'
  return state === 'online' && box !== 'degraded' ? 'well' : 'poor'
}

/** undefined: it is well, and nothing has to be said. */
export function troubleOf(camera: CameraView): string | undefined {
  const { dev, box, boxReason, state, reason } = camera
  if (box === 'offline')
    return `The box ${dev} is away${boxReason ? ` (${boxReason})` : ''}. What is shown is the last that came.`
  if (box === 'stopped') return `The box ${dev} was stopped.`
  if (state === 'unknown') return 'Nothing has been heard of this camera yet.'
  if (state !== 'online') return `The camera is ${state}: ${reason}.`
  if (box === 'degraded') return `The box says: ${boxReason ?? 'degraded'}.`
  return undefined
}

/** In the place of a picture that does not come: why stands above the tiles. */
export function missingWords({ last }: CameraView, utc: boolean): string {
  if (last === undefined) return 'nothing comes live'
  const at = Date.parse(last)
  return `nothing comes live: look back to ${dayOf(at, utc)} ${clock(at, utc)}`
}

/** person enters · yard 12 %: as the command line says it. */
export const wordsOf = (event: StoredEvent): string => eventWords(event)

/** Below an event's name: where, how long, how much. */
export function detailOf({ phase, since, until, peak, zone, cam, reason }: StoredEvent): string {
  const lasted = phase === 'end' ? duration(Date.parse(until) - Date.parse(since)) : 'still there'
  const much = peak.share === 0 ? [] : [`${shareOf(peak)} of ${zone === null ? 'the picture' : zone}`]
  return [cam, lasted, ...much, ...(reason ? [reason] : [])].join(' · ')
}
