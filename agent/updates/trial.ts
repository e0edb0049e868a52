/**
 * A bundle that has just been chosen shows that it runs with its first frame. Until then whatever ends the agent but an orderly
 * stop (it does not load, it takes the process with it, it hangs) makes the next start go back to the one before.
 */
import { type Fell, goBack, type May, readChoice, writeChoice } from './choice.js'

export class Trial {
  /** The bundle that this process has started and of which no frame has come yet. */
  private pending: string | undefined

  constructor(private readonly stateDir: string) {}

  /** Before a start. @returns what it went back from */
  begin(may?: May): Fell | undefined {
    const choice = readChoice(this.stateDir)
    const { use, trial } = choice
    if (trial === 'running' && this.pending !== use)
      return this.failed('the agent ended, in no orderly way, before it had a frame of it', may)
    this.pending = trial && use
    if (trial) writeChoice(this.stateDir, { ...choice, trial: 'running' })
    return undefined
  }

  /** What was begun does not run. @returns undefined: there is nothing to go back to */
  failed(why: string, may?: May): Fell | undefined {
    this.pending = undefined
    return goBack(this.stateDir, why, may)
  }

  get onTrial(): boolean {
    return this.pending !== undefined
  }

  /** A frame has come out of this bundle; the agent before may still bring some of another. */
  proven(id: string): void {
    if (id === this.pending) this.settle(undefined)
  }

  /** An orderly end says nothing about it. */
  ended(): void {
    this.settle('waiting')
  }

  private settle(trial: 'waiting' | undefined): void {
    const { pending } = this
    if (pending === undefined) return
    this.pending = undefined
    const { trial: was, ...choice } = readChoice(this.stateDir)
    // Another may have been chosen meanwhile.
    if (was === 'running' && choice.use === pending) writeChoice(this.stateDir, { ...choice, ...(trial && { trial }) })
  }
}
