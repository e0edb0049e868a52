/** `demo --view`: the verb view as a process of its own beside the demo, as on another machine. The agent never loads what shows pictures. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { ShowBroker } from '../agent/demo/demo.js'

const USUAL_PORT = 8484

export const showBroker: ShowBroker = async (brokerUrl, device) => {
  const port = (await isFree(USUAL_PORT)) ? USUAL_PORT : 0
  const args = ['view', '--broker', brokerUrl, '--device', device, '--port', `${port}`]
  const child = spawn(process.execPath, [process.argv[1]!, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(child, 'exit').catch(() => {})
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise((resolve) => server.close(resolve))
  return free
}
