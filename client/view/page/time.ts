/** Times as people read them: in the zone of the browser, or UTC. */

const two = (n: number): string => String(n).padStart(2, '0')

interface Parts {
  readonly y: number
  readonly mo: number
  readonly d: number
  readonly h: number
  readonly mi: number
  readonly s: number
  readonly ms: number
}

function partsOf(ms: number, utc: boolean): Parts {
  const t = new Date(ms)
  return utc
    ? {
        ...{ y: t.getUTCFullYear(), mo: t.getUTCMonth() + 1, d: t.getUTCDate() },
        ...{ h: t.getUTCHours(), mi: t.getUTCMinutes(), s: t.getUTCSeconds(), ms: t.getUTCMilliseconds() },
      }
    : {
        ...{ y: t.getFullYear(), mo: t.getMonth() + 1, d: t.getDate() },
        ...{ h: t.getHours(), mi: t.getMinutes(), s: t.getSeconds(), ms: t.getMilliseconds() },
      }
}

export function clock(ms: number, utc: boolean, tenths = false): string {
  const { h, mi, s, ms: rest } = partsOf(ms, utc)
  return `${two(h)}:${two(mi)}:${two(s)}${tenths ? `.${Math.floor(rest / 100)}` : ''}`
}

export const shortClock = (ms: number, utc: boolean): string => clock(ms, utc).slice(0, 5)

/** 2026-05-01, as an input of a date takes it. */
export function dayOf(ms: number, utc: boolean): string {
  const { y, mo, d } = partsOf(ms, utc)
  return `${y}-${two(mo)}-${two(d)}`
}

/** Begin and end of the day that a time lies in; one with a change of clocks has 23 or 25 hours. */
export function daySpan(ms: number, utc: boolean): { from: number; to: number } {
  const { y, mo, d } = partsOf(ms, utc)
  return { from: midnight(y, mo, d, utc), to: midnight(y, mo, d + 1, utc) }
}

/** Of the text of a date input; undefined: not a day. */
export function dayStart(day: string, utc: boolean): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  if (!found) return undefined
  const [y, mo, d] = found.slice(1).map(Number)
  const at = midnight(y, mo, d, utc)
  return dayOf(at, utc) === day ? at : undefined
}

export function otherDay(ms: number, days: number, utc: boolean): number {
  const { y, mo, d } = partsOf(ms, utc)
  return midnight(y, mo, d + days, utc)
}

const midnight = (y: number, mo: number, d: number, utc: boolean): number =>
  utc ? Date.UTC(y, mo - 1, d) : new Date(y, mo - 1, d).getTime()

export function zoneName(ms: number, utc: boolean): string {
  if (utc) return 'UTC'
  const minutes = -new Date(ms).getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  return `UTC${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** 4.2 s, 3 min, 2 h 5 min */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
