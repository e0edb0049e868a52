/**
 * When frames arrived. ffmpeg stamps a packet when it comes, but hands a picture on only when the next one begins: a second
 * late from a camera that sends one a second. So it tells the stamps beside the pictures, in the same order.
 */

/** Longer than any picture takes from ffmpeg's log to the pipe; a stamp that is later than that is done without. */
const WAIT_MS = 500

export class Arrivals {
  private readonly known: number[] = []
  private waiting: ((us: number | undefined) => void) | undefined
  /** Stamps of pictures that were not waited for. */
  private owed = 0

  /** Takes a line of ffmpeg's log. @returns whether it was a stamp */
  line(text: string): boolean {
    const found = /showinfo.*\bn: *\d+ pts: *(-?\d+|NOPTS)/.exec(text)
    if (!found) return false
    if (this.owed > 0) {
      this.owed--
      return true
    }
    const us = Number(found[1])
    const { waiting } = this
    this.waiting = undefined
    if (waiting) waiting(us)
    else if (this.known.length < 1000) this.known.push(us)
    return true
  }

  /** When the next picture arrived, in microseconds since the epoch; undefined if that is not known. */
  next(): number | undefined | Promise<number | undefined> {
    const us = this.known.shift()
    if (us !== undefined) return us
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting = undefined
        this.owed++
        resolve(undefined)
      }, WAIT_MS)
      this.waiting = (us) => {
        clearTimeout(timer)
        resolve(us)
      }
    })
  }
}
