/** Questions in an address, read strictly: what is wrong is said in a sentence, and is a 400. */
import { bootPattern, idPattern, refPattern } from '../../../contract/names.js'
import { isoMs } from '../../../contract/time.js'

export class BadQuery extends Error {
  override readonly name = 'BadQuery'
}

export class Query {
  private readonly read = new Set<string>()

  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  optional(name: string, pattern: RegExp, expected: string): string | undefined {
    this.read.add(name)
    const value = this.values[name]
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string') throw new BadQuery(`${name} stands there more than once: give it once`)
    if (!pattern.test(value)) throw new BadQuery(`${name} is ${shown(value)}: expected ${expected}`)
    return value
  }

  id(name: string): string {
    return this.needed(name, this.optionalId(name))
  }

  optionalId(name: string): string | undefined {
    return this.optional(name, idPattern, '1 to 64 of a-z 0-9 _ -')
  }

  ref(name: string): string {
    return this.needed(name, this.optional(name, refPattern, 'camera/boot/seq'))
  }

  boot(name: string): string {
    return this.needed(name, this.optional(name, bootPattern, '16 hexadecimal digits'))
  }

  word(name: string): string | undefined {
    return this.optional(name, /^[^\p{Cc}]{1,64}$/u, 'a name of at most 64 characters')
  }

  cursor(name: string): string | undefined {
    return this.optional(name, /^[\w:.,|/=-]{1,256}$/, 'what the page before ended with')
  }

  /** UTC with milliseconds. */
  time(name: string): string {
    const text = this.needed(name, this.optional(name, /^.{1,40}$/, 'a time'))
    const ms = isoMs(text)
    if (ms === undefined) throw new BadQuery(`${name} is ${shown(text)}: expected a time like 2026-05-01T08:00:00Z`)
    return new Date(ms).toISOString()
  }

  /** Two times in order, at most so many days apart. */
  span(mostDays: number): { from: string; to: string } {
    const from = this.time('from')
    const to = this.time('to')
    const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
    if (days < 0) throw new BadQuery('from lies behind to: exchange them')
    if (days > mostDays) throw new BadQuery(`${Math.ceil(days)} days are asked for: at most ${mostDays} at once`)
    return { from, to }
  }

  number(name: string, least: number, most: number, usual?: number): number {
    const text = this.optional(name, /^\d{1,15}$/, `a whole number from ${least} to ${most}`)
    if (text === undefined && usual !== undefined) return usual
    const value = Number(this.needed(name, text))
    if (value < least || value > most) throw new BadQuery(`${name} is ${value}: expected ${least} to ${most}`)
    return value
  }

  /** After everything was read: what is left was a slip of the pen. */
  done(): void {
    const left = Object.keys(this.values).find((name) => !this.read.has(name))
    if (left !== undefined) throw new BadQuery(`${shown(left)} is not known here: leave it out`)
  }

  private needed(name: string, value: string | undefined): string {
    if (value === undefined) throw new BadQuery(`${name} is missing`)
    return value
  }
}

const shown = (text: string): string => `'${text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)}'`
