/** What the demo's camera saw come and go. */
import { secondsOf } from '../../contract/event-words.js'
import { clockOf, eventLines } from '../event-lines.js'
import type { EventRecord } from '../outbox.js'

/** So many times of a class are told one by one. */
const SHOWN = 6

export class Seen {
  private readonly events = new Map<string, EventRecord>()

  /** @returns a line for each that begins or ends */
  add(events: readonly EventRecord[] = []): string[] {
    for (const event of events) if (event.reason !== 'restart') this.events.set(event.id, event)
    return eventLines(events)
  }

  /** Labels, each once. */
  goingOn(): string[] {
    return [...new Set([...this.events.values()].flatMap(({ label, phase }) => (phase === 'end' ? [] : [label])))]
  }

  /** For JSON. */
  list() {
    return [...this.events.values()].map(({ id, class: of, zone, since, until, phase }) => ({
      id,
      class: of,
      zone,
      since,
      seconds: secondsOf({ since, until }),
      over: phase === 'end',
    }))
  }

  /** What was there, when, and for how long: a line for each class. */
  lines(): string[] {
    const all = [...this.events.values()]
    const labels = [...new Set(all.map(({ label }) => label))]
    return labels.map((label) => {
      const times = all.filter((event) => event.label === label)
      const each = times.slice(0, SHOWN).map((event) => {
        const seconds = `${secondsOf(event).toFixed(1)} s`
        return `${clockOf(event.since)} ${event.phase === 'end' ? `for ${seconds}` : 'and still there'}`
      })
      const more = times.length > SHOWN ? ` · and ${times.length - SHOWN} more` : ''
      return `  ${label.padEnd(14)} ${times.length === 1 ? 'once' : `${times.length} times`}: ${each.join(' · ')}${more}`
    })
  }
}
