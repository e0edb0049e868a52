/** The hash ids of a stream header: the first 8 bytes of a SHA-256, as 16 lower-case hexadecimal digits. */
export const shortHash = (sha256: string): string => sha256.slice(0, 16)
