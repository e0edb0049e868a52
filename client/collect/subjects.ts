/** Topics of MQTT as subjects of NATS, and which of them a stream has to have. */

const tokens = (base: string): string => base.replaceAll('/', '.')
/** Levels of a topic are tokens of a subject; ids have no dots in them. */
export const topicOf = (subject: string): string => subject.replaceAll('.', '/')
/** Names of streams have no dots. */
export const streamOf = (base: string): string => base.replaceAll('/', '_')

/** What of a fleet goes through the stream: results and bitstreams, live and late. States are retained, and come over MQTT. */
export const subjectsOf = (base: string, bits: boolean): string[] => [
  ...['cls', 'seg', 'evt'].map((kind) => `${tokens(base)}.v1.*.cam.*.${kind}`),
  ...['cls', 'seg', 'evt', ...(bits ? ['bits'] : [])].map((kind) => `${tokens(base)}.v1.*.hist.*.${kind}`),
  ...(bits ? [`${tokens(base)}.v1.*.bits.*`] : []),
]

/** Those that are wanted and that no subject of the stream covers whole. */
export const unheard = (subjects: readonly string[], wanted: readonly string[]): string[] =>
  wanted.filter((one) => !subjects.some((subject) => covers(subject.split('.'), one.split('.'))))

function covers(subject: readonly string[], wanted: readonly string[]): boolean {
  const end = subject.indexOf('>')
  const fixed = end === -1 ? subject : subject.slice(0, end)
  if (end === -1 ? wanted.length !== fixed.length : wanted.length <= fixed.length) return false
  return fixed.every((token, i) => token === '*' || token === wanted[i])
}
