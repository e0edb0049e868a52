/** What requests may ask for of the archive; what is absent is not asked. */
export interface ArchiveFilter {
  readonly cam?: string | undefined
  readonly class?: string | undefined
  readonly zone?: string | undefined
  /** id */
  readonly event?: string | undefined
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
}
