/**
 * Which retained messages this box has left with its broker, kept across restarts: a camera or device name that is gone is
 * taken back, as nobody else would.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export class Announced {
  private readonly known: Set<string>

  /** Without a file it lasts as long as the process. */
  constructor(private readonly file?: string) {
    this.known = new Set(file ? read(file) : [])
  }

  get topics(): string[] {
    return [...this.known]
  }

  add(topic: string): void {
    if (this.known.has(topic)) return
    this.known.add(topic)
    this.write()
  }

  remove(topic: string): void {
    if (this.known.delete(topic)) this.write()
  }

  private write(): void {
    if (!this.file) return
    try {
      mkdirSync(dirname(this.file), { recursive: true })
      writeFileSync(`${this.file}.new`, `${JSON.stringify(this.topics)}\n`)
      renameSync(`${this.file}.new`, this.file)
    } catch {
      // A full disk: it is known as long as the process lives, and written with the next change.
    }
  }
}

function read(file: string): string[] {
  try {
    const topics: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(topics) ? topics.filter((topic) => typeof topic === 'string' && topic !== '') : []
  } catch {
    return [] // not there, or cut short by a power cut
  }
}
