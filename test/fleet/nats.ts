/** A cluster of NATS servers on loopback ports, JetStream and MQTT switched on: any node takes what boxes publish. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../client/mosquitto.js'
import { tool } from '../tool.js'
import { Program } from './processes.js'

export interface Node {
  readonly program: Program
  readonly mqtt: string
  readonly nats: string
}

export async function natsCluster(dir: string, count: number): Promise<Node[]> {
  const ports: { client: number; route: number; mqtt: number }[] = []
  for (let i = 0; i < count; i++)
    ports.push({ client: await freePort(), route: await freePort(), mqtt: await freePort() })
  const routes = ports.map(({ route }) => `nats-route://127.0.0.1:${route}`).join(', ')
  return ports.map(({ client, route, mqtt }, i) => {
    const home = join(dir, `nats-${i + 1}`)
    mkdirSync(home, { recursive: true })
    const conf = join(home, 'nats.conf')
    const cluster = count > 1 ? `cluster { name: fleet, listen: "127.0.0.1:${route}", routes: [${routes}] }` : ''
    writeFileSync(
      conf,
      `server_name: n${i + 1}
       listen: "127.0.0.1:${client}"
       jetstream { store_dir: "${home}", max_mem: 256MB, max_file: 8GB }
       mqtt { listen: "127.0.0.1:${mqtt}", max_ack_pending: 1000${count > 1 ? `, stream_replicas: ${count}` : ''} }
       ${cluster}\n`,
    )
    return {
      program: new Program(`nats ${i + 1}`, [tool('nats-server'), '-c', conf], join(home, 'log')),
      mqtt: `mqtt://127.0.0.1:${mqtt}`,
      nats: `nats://127.0.0.1:${client}`,
    }
  })
}
