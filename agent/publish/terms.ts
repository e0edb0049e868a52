/** What a connection is asked with, from the best to what a poorer broker still takes. */
export interface Terms {
  readonly protocol: 4 | 5
  /** Empty: the broker makes one. */
  readonly clientId: string
  readonly will: { readonly retain: boolean; readonly qos: 0 | 1 } | undefined
}

export interface Refusal {
  readonly code: string
  readonly reason?: number | undefined
}

export const bestTerms = (clientId: string): Terms => ({ protocol: 5, clientId, will: { retain: true, qos: 1 } })

/** What to ask for after this refusal; undefined when there is nothing left to do without. */
export function weakerTerms(terms: Terms, { code, reason }: Refusal): Terms | undefined {
  const { will, clientId } = terms
  switch (reason) {
    case 0x9a:
      return will && { ...terms, will: will.retain ? { ...will, retain: false } : undefined }
    case 0x9b:
      return will && { ...terms, will: will.qos ? { ...will, qos: 0 } : undefined }
    case 0x02:
    case 0x85:
      return clientId ? { ...terms, clientId: '' } : undefined
    case 0x05:
    case 0x87: // it may be the will's topic that is not allowed
      return will && { ...terms, will: undefined }
  }
  // Hanging up is how old brokers say that they do not know version 5, and how 3.1.1 says that a will is not taken.
  if (code === 'protocol' && terms.protocol === 5) return { ...terms, protocol: 4 }
  if (code === 'hung_up')
    return terms.protocol === 5 ? { ...terms, protocol: 4 } : will && { ...terms, will: undefined }
  return undefined
}
