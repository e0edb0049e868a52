/** In a file of its own: whoever reports such an error need not load what reads bundles. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly recoverable = false
  constructor(
    readonly code: 'missing' | 'manifest' | 'hash' | 'tables' | 'graph' | 'file' | 'signature',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
