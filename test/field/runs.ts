/** Runs of the agent that are about to be interrupted, and the one after them that is left in peace. */
import type { FieldAgent } from './agent.js'
import type { Kit } from './kit.js'
import type { Listener } from './listener.js'

/**
 * No heads: the frames come faster, and so do the commits that a SIGKILL may hit; their bitstreams are the messages. On a
 * machine that is short of time a camera is not started again for it: it would never come to its first frame.
 */
const FAST = { fps: 25, heads: [], stallSeconds: 200 }
export const PATIENCE_SECONDS = 300
export const LOST = /connection to the broker lost/

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** Two fast ones. */
export async function cameras(kit: Kit): Promise<Record<string, unknown>[]> {
  const source = await kit.clip({ fps: 25 })
  return ['a', 'b'].map((id) => ({ id, source, ...FAST }))
}

/** Starts it, waits until frames of this run are committed and received. */
export async function started(kit: Kit, config: object, listener: Listener): Promise<FieldAgent> {
  const before = listener.frames.size
  const agent = kit.agent(config)
  const { boot } = (await agent.logged('running', PATIENCE_SECONDS)) as unknown as { boot: string }
  await kit.until(
    `frames of run ${boot}`,
    () => listener.frames.size > before && [...listener.frames].some((key) => key.includes(boot)),
    PATIENCE_SECONDS,
  )
  return agent
}

/** A last run that is left in peace until the outbox is empty. */
export async function settle(kit: Kit, config: object): Promise<number> {
  const begun = performance.now()
  const agent = kit.agent(config)
  await agent.logged('connected to the broker', PATIENCE_SECONDS)
  await agent.logged('running', PATIENCE_SECONDS)
  // Its own frames come and go: empty once is enough, as everything older has gone by then or is in it.
  await sent(kit)
  const took = performance.now() - begun
  await agent.stop()
  return took
}

/** What is committed now has left the outbox: however long that takes, as long as some of it goes within so many seconds. */
export async function sent(kit: Kit, seconds = PATIENCE_SECONDS): Promise<void> {
  const count = (sql: string, ...values: number[]) =>
    kit.archive.query<{ n: number }>(kit.stateDir, sql, ...values)[0]?.n
  const newest = count('SELECT max(id) AS n FROM frames') ?? 0
  let least = Number.POSITIVE_INFINITY
  let movedAt = performance.now()
  const done = () => {
    const left = count('SELECT count(*) AS n FROM outbox WHERE frame_id <= ?', newest) ?? 0
    if (left < least) movedAt = performance.now()
    least = Math.min(least, left)
    if (performance.now() - movedAt > seconds * 1000)
      throw new Error(`${left} frames wait, and none was sent for ${seconds} s`)
    return left === 0
  }
  await kit.until('what was held up to be sent', done, Number.POSITIVE_INFINITY)
}
