/**
 * The closed list of what can be wrong. Nothing here is worth a retry: the same bytes fail the same way every time.
 *
 *     truncated  the bytes end before the record does          trailing  bytes follow a record that should be the last
 *     magic      no record starts here                         version   a record of a later container version
 *     header     a field outside its range (CRC is right)      checksum  header or record CRC-32 differs: damaged bytes
 *     mode       a coding mode this build does not decode      tables    tables are invalid, or of another shape than the record
 *     context    the context model is invalid, or of another shape than the record, or is missing
 *     chain      a predicted record whose predecessor was not decoded: a frame was lost, wait for a keyframe
 *     payload    the CRC is right, the entropy code is not: other tables, or a faulty writer
 *     argument   the caller passed something that cannot be coded
 */
export type CodecErrorCode =
  | 'truncated'
  | 'trailing'
  | 'magic'
  | 'version'
  | 'header'
  | 'checksum'
  | 'mode'
  | 'tables'
  | 'context'
  | 'chain'
  | 'payload'
  | 'argument'

export class CodecError extends Error {
  override readonly name = 'CodecError'
  readonly recoverable = false

  constructor(
    readonly code: CodecErrorCode,
    message: string,
    /** Where in the bytes that were passed in, if it is about bytes. */
    readonly offset?: number,
  ) {
    super(message)
  }
}
