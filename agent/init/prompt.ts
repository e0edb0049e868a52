/** Questions at a terminal. The only file that knows clack's prompts. */
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { TextPrompt } from '@clack/core'
import * as clack from '@clack/prompts'

/** Ctrl-C or Escape at a question. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

export interface Choice<T> {
  readonly value: T
  readonly label: string
  readonly hint?: string
}

export interface TextQuestion {
  /** What Enter takes as long as nothing is typed; Tab puts it into the field, to be changed. */
  readonly initial?: string
  /** What an empty answer means, shown where the answer goes. */
  readonly empty?: string
  /** What is wrong with an answer; it is then asked again. */
  readonly wrong?: (answer: string) => string | undefined
  /** How the answer stays on the screen: without what is secret in it. */
  readonly shown?: (answer: string) => string
}

/** Every question throws Cancelled. */
export interface Asker {
  text(question: string, how?: TextQuestion): Promise<string>
  /** Shown as dots; may be empty. */
  secret(question: string, wrong?: TextQuestion['wrong']): Promise<string>
  choose<T>(question: string, choices: readonly Choice<T>[], initial?: T): Promise<T>
  several<T>(question: string, choices: readonly Choice<T>[], initial: readonly T[]): Promise<T[]>
  confirm(question: string, initial: boolean): Promise<boolean>
  say(text: string): void
  warn(text: string): void
}

/** Of terminals that do not say how large they are: a serial console's has 0 columns, and every letter would have a line of its own. */
const USUAL_SIZE = { columns: 80, rows: 24 }

interface Screen extends Writable {
  columns?: number
  rows?: number
}

class Field extends TextPrompt {
  constructor(options: ConstructorParameters<typeof TextPrompt>[0], suggested: string) {
    super(options)
    this.on('key', (key) => {
      if (key === '\t' && this.userInput === '') this._setUserInput(suggested, true)
    })
  }
}

export class Terminal implements Asker {
  constructor(private readonly streams: { input?: Readable; output?: Screen } = {}) {
    const screen: Screen = streams.output ?? process.stdout
    const measure = () => {
      if (screen.columns === 0) screen.columns = USUAL_SIZE.columns
      if (screen.rows === 0) screen.rows = USUAL_SIZE.rows
    }
    measure()
    screen.on('resize', measure)
  }

  async text(question: string, how: TextQuestion = {}): Promise<string> {
    const { initial = '', empty = '', wrong, shown = (answer: string) => answer } = how
    const hint = initial === '' ? empty : `${shown(initial)}  (Enter takes it)`
    const options: ConstructorParameters<typeof TextPrompt>[0] = {
      ...this.streams,
      defaultValue: initial,
      validate: (answer) => wrong?.(answer || initial),
      render() {
        const answer = shown(this.value || initial) || empty
        const head = `${styleText('gray', clack.S_BAR)}\n${clack.symbol(this.state)}  ${question}\n`
        const typed = this.userInput
          ? this.userInputWithCursor
          : `${styleText('inverse', ' ')}${styleText('dim', hint)}`
        const bar = (end: string) => styleText(this.state === 'error' ? 'yellow' : 'cyan', end)
        const edge = styleText('gray', clack.S_BAR)
        if (this.state === 'submit') return `${head}${edge}  ${styleText('dim', answer)}`
        if (this.state === 'cancel') return `${head}${edge}`
        const note = this.state === 'error' ? `  ${styleText('yellow', this.error)}` : ''
        return `${head}${bar(clack.S_BAR)}  ${typed}\n${bar(clack.S_BAR_END)}${note}\n`
      },
    }
    return answered(await new Field(options, initial).prompt()) ?? ''
  }

  async secret(question: string, wrong?: TextQuestion['wrong']): Promise<string> {
    const validate = (answer: string | undefined) => wrong?.(answer ?? '')
    return answered(await clack.password({ ...this.streams, message: question, validate })) ?? ''
  }

  async choose<T>(question: string, choices: readonly Choice<T>[], initial?: T): Promise<T> {
    const at = choices.findIndex(({ value }) => value === initial)
    const options = choices.map(({ label, hint }, value) => ({ value, label, ...(hint && { hint }) }))
    const chosen = await clack.select({ ...this.streams, message: question, options, initialValue: Math.max(0, at) })
    return choices[answered(chosen)]!.value
  }

  async several<T>(question: string, choices: readonly Choice<T>[], initial: readonly T[]): Promise<T[]> {
    const options = choices.map(({ label, hint }, value) => ({ value, label, ...(hint && { hint }) }))
    const initialValues = choices.flatMap(({ value }, i) => (initial.includes(value) ? [i] : []))
    const chosen = await clack.multiselect({
      ...this.streams,
      message: question,
      options,
      initialValues,
      required: false,
    })
    const marked = answered(chosen)
    return choices.flatMap(({ value }, i) => (marked.includes(i) ? [value] : []))
  }

  async confirm(question: string, initial: boolean): Promise<boolean> {
    return answered(await clack.confirm({ ...this.streams, message: question, initialValue: initial }))
  }

  say(text: string): void {
    clack.log.message(text, this.streams)
  }

  warn(text: string): void {
    clack.log.warn(text, this.streams)
  }
}

function answered<T>(answer: T | typeof clack.CANCEL_SYMBOL): T {
  if (clack.isCancel(answer)) throw new Cancelled()
  return answer
}
