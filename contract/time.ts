/** Times that people and programs write: ISO 8601 with an offset, in any of its usual spellings. */

export const isoExpected = 'expected a time with an offset, like 2026-05-01T08:00:00Z or 2026-05-01T10:00+02:00'

/** Date, T or a blank, hours, then minutes, seconds and a fraction if wanted, then Z or the offset; with - and : or without. */
const pattern =
  /^(\d{4})(-?)(\d\d)\2(\d\d)[Tt ](\d\d)(?:(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d{1,12}))?)?)? ?(?:[Zz]|([+\-\u2212])(\d\d):?(\d\d)?)$/

/** As messages have it, of microseconds since 1970. */
export const isoOf = (us: number): string => new Date(us / 1000).toISOString()

/** Milliseconds since 1970, UTC; undefined for what is no such time. */
export function isoMs(text: string): number | undefined {
  const found = pattern.exec(text)
  if (!found) return undefined
  const [, year, , month, day, hour, , minute, second, fraction = '', sign, offsetHour, offsetMinute] = found
  const at = { hour: Number(hour), minute: Number(minute ?? 0), second: Number(second ?? 0) }
  const offset = { hour: Number(offsetHour ?? 0), minute: Number(offsetMinute ?? 0) }
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  // A day that its month has not would become one of the next.
  if (new Date(midnight).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined
  // 24:00 is the day's end, and :60 a leap second.
  const endOfDay = at.hour === 24 && at.minute === 0 && at.second === 0
  if ((at.hour > 23 && !endOfDay) || at.minute > 59 || at.second > 60 || offset.hour > 23 || offset.minute > 59)
    return undefined
  const minutes =
    at.hour * 60 + at.minute - (sign === undefined || sign === '+' ? 1 : -1) * (offset.hour * 60 + offset.minute)
  return midnight + minutes * 60_000 + at.second * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
}
