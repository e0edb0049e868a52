/** What a schema (zod's) says is wrong with a value: where, and what. */
export interface Wrong {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]
}

/** The first of it. @param whole how the value is called where all of it is meant */
export function issueText({ issues }: Wrong, whole: string): string {
  const { path, message } = issues[0]!
  return `${path.join('.') || whole}: ${message}`
}

/** Of contract/messages.ts, without the package that made it. */
export interface Schema<T> {
  safeParse(json: unknown): { success: true; data: T } | { success: false; error: Wrong }
}

/** @throws {Error} the first that is wrong */
export function checked<T>(schema: Schema<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new Error(issueText(parsed.error, 'payload'))
}
