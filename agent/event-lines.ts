/** Events as lines on a screen: those that begin or end, by the clock on the wall here. */
import { eventWords } from '../contract/event-words.js'
import type { EventRecord } from './outbox.js'

/** @param who stands before the words, of several cameras */
export const eventLines = (events: readonly EventRecord[], who = ''): string[] =>
  events
    .filter(({ phase, reason }) => phase !== 'update' && reason !== 'restart')
    .map((event) => `${clockOf(event.phase === 'start' ? event.since : event.until)} ${who}${eventWords(event)}`)

export const clockOf = (ts: string): string => new Date(ts).toLocaleTimeString('en-GB')
