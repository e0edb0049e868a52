/** What is to be told of a camera's events, while no frame goes out that could carry it. */
import type { Telling } from './watch.js'

export class Untold {
  private waiting: Telling[] = []

  /** Of events: each has a start, an update and an end here at most. */
  add(tellings: readonly Telling[]): void {
    for (const telling of tellings) this.addOne(telling)
  }

  /** The oldest; they stay until `told`. */
  first(count: number): readonly Telling[] {
    return this.waiting.slice(0, count)
  }

  told(tellings: readonly Telling[]): void {
    this.waiting = this.waiting.filter((one) => !tellings.includes(one))
  }

  private addOne(telling: Telling): void {
    const { id, phase } = telling
    const begun = this.waiting.find((one) => one.id === id && one.phase === 'start')
    const same = (one: Telling) => one.id === id
    if (phase === 'end') {
      this.waiting = this.waiting.filter((one) => !same(one))
      if (!begun) this.waiting.push(telling) // else nobody has heard of it
    } else if (begun) this.waiting[this.waiting.indexOf(begun)] = { ...telling, phase: 'start' }
    else this.waiting = [...this.waiting.filter((one) => !same(one)), telling]
  }
}
