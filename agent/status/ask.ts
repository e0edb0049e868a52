/** Asks a running box on this machine: its socket, or its port where one is configured. Needs no broker and writes nothing. */
import { get, type RequestOptions } from 'node:http'
import { messageOf } from '../errors.js'
import type { Facts } from '../facts.js'
import { type Reached, reach } from '../sockets.js'

const PATIENCE_MS = 5000
const MAX_BYTES = 1e6

export type Place = { readonly socketPath: string } | { readonly host: string; readonly port: number }

/** absent: nobody is there. silent: somebody is, and does not answer. denied: this user may not ask. */
export type Answer =
  | { readonly facts: Facts }
  | { readonly failure: 'absent' | 'silent' | 'denied'; readonly reason: string }

/** The first that answers for this state directory; else the most telling failure. */
export async function ask(places: readonly Place[], stateDir: string | undefined): Promise<Answer> {
  const failures: Exclude<Answer, { facts: Facts }>[] = []
  for (const place of places) {
    const answer = await askOne(place)
    if (!('facts' in answer)) failures.push(answer)
    else if (stateDir === undefined || answer.facts.state_dir === stateDir) return answer
  }
  return (
    failures.find(({ failure }) => failure === 'silent') ??
    failures.find(({ failure }) => failure === 'denied') ??
    failures[0] ?? { failure: 'absent', reason: 'another box answers here' }
  )
}

function askOne(place: Place): Promise<Answer> {
  const where = 'socketPath' in place ? place.socketPath : `http://${place.host}:${place.port}`
  let socket: Reached | undefined
  return new Promise<Answer>((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const denied = error.code === 'EACCES' || error.code === 'EPERM'
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
      resolve({
        failure: denied ? 'denied' : absent ? 'absent' : 'silent',
        reason: `${where}: ${messageOf(error)}`,
      })
    }
    try {
      if ('socketPath' in place) socket = reach(place.socketPath)
    } catch (error) {
      return fail(error as Error)
    }
    const to = socket ? { socketPath: socket.path } : place
    const options: RequestOptions = { ...to, path: '/status', timeout: PATIENCE_MS, agent: false }
    const request = get(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
        if (text.length > MAX_BYTES) request.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => {
        try {
          const facts = JSON.parse(text) as Facts
          if (facts.v !== 1 || typeof facts.state_dir !== 'string') throw new Error('it is no blindsight that answers')
          resolve({ facts })
        } catch (error) {
          fail(error as Error)
        }
      })
      response.on('error', fail)
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)))
    request.on('error', fail)
  }).finally(() => socket?.release())
}
