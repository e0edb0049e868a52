/** Every MQTT topic in one place. Ids are [a-z0-9_-]{1,64}; the base may have several levels. */

/** What a frame is told in; `evt`: what began or ended with it. */
export type ResultKind = 'cls' | 'seg' | 'bits' | 'evt'
export const requestVerbs = [
  'list',
  'events',
  'describe',
  'results',
  'get',
  'keyframe',
  'pin',
  'unpin',
  'bundle',
] as const
export type RequestVerb = (typeof requestVerbs)[number]

export class Topics {
  private readonly root: string

  constructor(
    readonly base: string,
    readonly dev: string,
  ) {
    this.root = `${base}/v1/${dev}`
  }

  state = () => `${this.root}/state`
  info = () => `${this.root}/info`
  health = () => `${this.root}/health`
  camState = (cam: string) => `${this.root}/cam/${cam}/state`
  /** What is there now. */
  camNow = (cam: string) => `${this.root}/cam/${cam}/now`
  /** Live results are under cam/, live bitstreams under bits/, both after an outage under hist/. */
  result = (kind: ResultKind, cam: string, hist = false) => {
    if (hist) return `${this.root}/hist/${cam}/${kind}`
    return kind === 'bits' ? `${this.root}/bits/${cam}` : `${this.root}/cam/${cam}/${kind}`
  }
  request = (verb: RequestVerb | '+') => `${this.root}/req/${verb}`
  response = (verb: RequestVerb | '+') => `${this.root}/res/${verb}`

  /** Requests may name a response topic only under this prefix, so that nobody can make the box speak for others. */
  get responsePrefix(): string {
    return `${this.root}/res/`
  }
}

/** dev may be '+' to follow every device. */
export function resultFilters(base: string, dev: string, kinds: readonly ResultKind[]): string[] {
  return kinds.flatMap((kind) => {
    const live = kind === 'bits' ? `${base}/v1/${dev}/bits/+` : `${base}/v1/${dev}/cam/+/${kind}`
    return [live, `${base}/v1/${dev}/hist/+/${kind}`]
  })
}
