/** Asks for the MQTT broker, and tries it. */
import { resolve } from 'node:path'
import { shownSource } from '../address.js'
import { messageOf } from '../errors.js'
import type { Box } from './box.js'
import { askLogin } from './cameras.js'
import type { BrokerDraft, Draft } from './draft.js'
import type { Asker } from './prompt.js'
import { readBroker } from './source.js'

/** @param given what the command line names */
export async function askBroker(
  ask: Asker,
  box: Box,
  draft: Draft,
  given?: BrokerDraft,
): Promise<BrokerDraft | undefined> {
  let broker: BrokerDraft | undefined = given ?? (await askWhich(ask))
  while (broker) {
    const fault = box.faultOf({ ...draft, broker })
    ask.say(`Trying ${shownSource(broker.url)} …`)
    const why = fault ?? (await failure(ask, box, broker))
    if (why === undefined) return broker
    ask.warn(why)
    const secure = /^(mqtts|wss):/.test(broker.url)
    const next: string = await ask.choose('What now?', [
      { value: 'login', label: 'write user name and password' },
      ...(secure ? [{ value: 'ca', label: "name the file of the authority's certificate" }] : []),
      { value: 'again', label: 'try again' },
      { value: 'other', label: 'another address, or the broker inside' },
      ...(fault === undefined ? [{ value: 'keep', label: 'take it as it is', hint: 'it may be there later' }] : []),
    ])
    if (next === 'keep') return broker
    if (next === 'login') broker = { ...broker, ...(await askLogin(ask, broker.username)) }
    if (next === 'ca') broker = { ...broker, caFile: pathOf((await ask.text('File of the certificate (PEM)')).trim()) }
    if (next === 'other') broker = await askWhich(ask)
  }
  return undefined
}

/** From here, and not from where the configuration comes to lie. */
const pathOf = (typed: string) => (typed === '' ? undefined : resolve(typed))

async function failure(ask: Asker, box: Box, broker: BrokerDraft): Promise<string | undefined> {
  try {
    ask.say(await box.reach(broker))
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function askWhich(ask: Asker): Promise<BrokerDraft | undefined> {
  const own = await ask.choose('Where should results go?', [
    { value: false, label: 'to a broker inside, for this machine only', hint: 'nothing else is needed' },
    { value: true, label: 'to an MQTT broker of yours' },
  ])
  if (!own) return undefined
  const typed = await ask.text('Its address, like broker.local or mqtts://broker.local:8883', {
    wrong: (text) => {
      const read = readBroker(text)
      return typeof read === 'string' ? read : undefined
    },
    shown: (text) => shownSource(text),
  })
  return readBroker(typed) as BrokerDraft
}
