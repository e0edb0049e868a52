/** Asks what the box is called. */
import { name as namePattern } from '../config/kinds.js'
import type { Asker } from './prompt.js'

/** Undefined: a name made from the machine id, which no other box has. */
export async function askDevice(ask: Asker, given?: string): Promise<string | undefined> {
  const name = await ask.text('What is this box called (in topics)?', {
    ...(given !== undefined && { initial: given }),
    empty: 'made from the machine id',
    wrong: (text) => (text === '' || namePattern().safeParse(text).success ? undefined : 'use 1 to 64 of a-z 0-9 _ -'),
  })
  return name === '' ? undefined : name
}
