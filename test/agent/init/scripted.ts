/** Somebody who answers: questions in their order, with what is typed or chosen. A choice is named by its label's beginning. */

import type { Box } from '../../../agent/init/box.js'
import type { Asker, Choice, TextQuestion } from '../../../agent/init/prompt.js'

export type Answer = readonly [question: string, answer: string | boolean | readonly string[] | undefined]

export class Scripted implements Asker {
  readonly said: string[] = []
  readonly refused: string[] = []
  constructor(private readonly answers: Answer[]) {}

  /** That nothing was left to say. */
  get left(): number {
    return this.answers.length
  }

  async text(question: string, how: TextQuestion = {}): Promise<string> {
    for (;;) {
      const answer = (this.next(question) as string | undefined) ?? how.initial ?? ''
      const wrong = how.wrong?.(answer)
      if (wrong === undefined) {
        this.said.push(how.shown?.(answer) ?? answer)
        return answer
      }
      this.refused.push(wrong)
    }
  }

  async secret(question: string, wrong?: TextQuestion['wrong']): Promise<string> {
    return this.text(question, { ...(wrong && { wrong }), shown: () => '•' })
  }

  async choose<T>(question: string, choices: readonly Choice<T>[], initial?: T): Promise<T> {
    const answer = this.next(question)
    if (answer === undefined) return initial ?? choices[0]!.value
    const found = choices.find(({ label }) => label.startsWith(answer as string))
    if (!found) throw new Error(`${question}: no ${answer} among ${choices.map(({ label }) => label).join(' | ')}`)
    return found.value
  }

  async several<T>(question: string, choices: readonly Choice<T>[], initial: readonly T[]): Promise<T[]> {
    const answer = this.next(question) as readonly string[] | undefined
    return answer ? choices.filter(({ label }) => answer.includes(label)).map(({ value }) => value) : [...initial]
  }

  async confirm(question: string, initial: boolean): Promise<boolean> {
    return (this.next(question) as boolean | undefined) ?? initial
  }

  say(text: string): void {
    this.said.push(text)
  }

  warn(text: string): void {
    this.said.push(text)
  }

  private next(question: string) {
    const [asked, answer] = this.answers.shift() ?? []
    if (asked === undefined || !question.startsWith(asked)) throw new Error(`asked '${question}', expected '${asked}'`)
    return answer
  }
}

/** A box with nothing on it that takes everything. */
export const box = (parts: Partial<Box> = {}): Box => ({
  stateDir: '/var/lib/blindsight',
  devices: async () => [],
  probe: async () => ({ ok: true, stream: { codec: 'h264', width: 1280, height: 720, fps: 25 } }),
  reach: async () => 'connected',
  faultOf: () => undefined,
  multiple: 16,
  classes: [
    { id: 'person', label: 'person', watch: true },
    { id: 'vehicle', label: 'vehicle', watch: true },
    { id: 'car', label: 'car', watch: false },
  ],
  archive: { maxMegabytes: 4096, maxDays: 30 },
  freeBytes: () => 50e9,
  ...parts,
})

export const camera = { id: 'gate', source: 'rtsp://host/a', width: 448, height: 256, fps: 10 } as const
