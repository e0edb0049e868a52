/** What a broker's reason codes mean to the owner of the box, and what to do. */
export const PACKET_TOO_LARGE = 0x95

/** MQTT 5 throughout; 1 to 5 are CONNACKs of 3.1.1. */
const REASONS: Record<number, string> = {
  1: 'it does not speak this version of MQTT',
  2: 'it does not take this client id; set mqtt.clientId to one that it takes',
  3: 'it is not ready; it is tried again',
  4: 'wrong user name or password; check mqtt.username and its password',
  5: 'not authorised; check username, password, client certificate, and whether it wants a client id with a prefix (mqtt.clientId)',
  128: 'it gives no reason; look into its log',
  129: 'it could not read the packet',
  130: 'it sees an error of protocol',
  131: 'a reason of its own; look into its log',
  132: 'it does not speak this version of MQTT',
  133: 'it does not take this client id; set mqtt.clientId to one that it takes',
  134: 'wrong user name or password; check mqtt.username and its password',
  135: 'not authorised; check username, password, client certificate, and whether it wants a client id with a prefix (mqtt.clientId)',
  136: 'it is not available; it is tried again',
  137: 'it is busy; it is tried again',
  138: 'this client is banned; ask who runs the broker',
  139: 'it is shutting down',
  140: 'it wants another way of authentication',
  141: 'it heard nothing for longer than the keep-alive time',
  142: 'another client connected with the same client id: two boxes with one device id, or one mqtt.clientId?',
  144: 'it does not take this topic name; check mqtt.base',
  147: 'more was under way than it takes',
  149: 'the packet is too large for it; raise its limit, or make frames smaller (fps, size, publishBitstreams: false)',
  150: 'too many messages for it; lower fps or raise its limit',
  151: 'a quota of the broker is used up; raise it, or lower fps',
  152: 'its operator ended the connection',
  153: 'it does not take the form of the payload',
  154: 'it keeps no retained messages',
  155: 'it takes no messages of QoS 1',
  156: 'it wants another server to be used; set mqtt.url to that one',
  157: 'it has moved; set mqtt.url to its new address',
  159: 'it is connected to too often; it is tried again',
  160: 'the connection was open for as long as it allows',
}
/** The same of a message: the user has got in, so it is not about who he is. */
const OF_MESSAGES: Record<number, string> = {
  135: "not authorised; allow this box's user to write the topic (access list of the broker)",
}
const OF_FILTERS: Record<number, string> = {
  128: "it does not allow it; allow this box's user to read the topic (access list of the broker)",
  135: "not authorised; allow this box's user to read the topic (access list of the broker)",
  143: 'it does not take this filter',
  162: 'it allows no wildcards in subscriptions',
}

type About = 'connection' | 'message' | 'filter'

/** `server` and `text` are what the broker adds in words. */
export function reasonOf(
  code: number,
  about: About,
  { server, text }: { server?: string | undefined; text?: string | undefined } = {},
): string {
  const special = about === 'message' ? OF_MESSAGES[code] : about === 'filter' ? OF_FILTERS[code] : undefined
  const meaning = special ?? REASONS[code] ?? 'a reason that is not in the standard'
  const more = [text && `"${text}"`, server && `it names ${server}`].filter(Boolean).join(', ')
  return `${meaning}${more ? ` (${more})` : ''} [0x${code.toString(16).padStart(2, '0')}]`
}
