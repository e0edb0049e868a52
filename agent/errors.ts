/** Exit codes of every verb; documented in docs/reference/exit-codes.md. */
export const ExitCode = { ok: 0, unexpected: 1, usage: 2, input: 3, broker: 4, timeout: 5, config: 78 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** What a verb's help says of them: those that every verb has, and what the verb means by the others. */
export function exitsHelp(meanings: Readonly<Partial<Record<ExitCode | 130, string>>>): string {
  const all = { 0: 'done', 1: 'something unexpected', 2: 'wrong command line', ...meanings }
  return `\nExit codes: ${Object.entries(all)
    .map(([code, meaning]) => `${code} ${meaning}`)
    .join(', ')}.`
}

/** An error whose message a person can act on: what, where, what to do. Printed without a stack trace. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  constructor(
    readonly code: 'config' | 'input' | 'engine' | 'archive' | 'broker',
    message: string,
    readonly exitCode: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
