/** One connection to a broker, as the agent would make it. */
import { Topics } from '../contract/topics.js'
import type { LoadedConfig } from './config/load.js'
import { portRefusal } from './fit.js'
import { addressOf, Link } from './publish/mqtt.js'

/** @returns where and how it was reached @throws why not */
export async function tryBroker({ mqtt, device }: Pick<LoadedConfig, 'mqtt' | 'device'>): Promise<string> {
  if (!mqtt.url) return `none configured: ${await inside(mqtt.embeddedPort)}`
  const topics = new Topics(mqtt.base, device)
  const will = { topic: `${topics.health()}/doctor`, payload: '', delaySeconds: 0 }
  const link = await Link.connect(
    { ...mqtt, url: mqtt.url },
    `${mqtt.clientId ?? 'blindsight'}-doctor-${process.pid}`,
    will,
  )
  await link.end()
  return `${addressOf(mqtt.url)}: connected with MQTT ${link.protocol === 5 ? '5' : '3.1.1'}`
}

/** Where the broker inside will be: with another one on its port it takes any that is free. */
async function inside(port: number): Promise<string> {
  const where = `127.0.0.1:${port}`
  if ((await portRefusal(port)) !== 'EADDRINUSE') return `the agent starts one inside, on ${where}`
  return `the agent starts one inside, and ${where}, where it would be, is taken: by this agent, if it runs; else it takes a free port and says which. To use the broker that is there: mqtt: {url: mqtt://${where}}`
}
