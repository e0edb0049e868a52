/** docs/reference/exit-codes.md. */
import { ExitCode } from '../../../agent/errors.js'
import { exitCodes } from '../../../client/failure.js'
import { page, table } from './markdown.js'

/** Of the agent's verbs and the client's; a code without a line here does not compile. */
const agent: Record<keyof typeof ExitCode, string> = {
  ok: 'done, or stopped as asked',
  unexpected: '`status`, `doctor`, `init`: something is wrong; elsewhere something unexpected, with a stack trace',
  usage: 'wrong command line',
  input:
    'an input cannot be used: a damaged file of a bundle, a bitstream, a video, an archive; `run`: another blindsight has this stateDir; `status`: not running; `init`: a file is there already; `demo`: no video comes',
  broker:
    'the broker cannot be reached or refuses (verbs that ask a box; `run` goes on trying); `demo`: it has not taken all',
  timeout: 'timed out, or the box answered with an error',
  config: 'the configuration is wrong, or names what this box has not; systemd does not restart on it',
}
const client: Record<Exclude<keyof typeof exitCodes, 'usage' | 'input' | 'broker' | 'other' | 'answer'>, string> = {
  gaps: '`subscribe --count`, `verify`: results are missing',
}

const INTRO =
  '`run` never ends because a camera or the broker is away: it publishes or logs the reason and goes on trying.'

export function exitCodesPage(): string {
  const codes = [
    ...Object.entries(ExitCode).map(([name, number]) => [number, agent[name as keyof typeof ExitCode]] as const),
    ...Object.entries(client).map(([name, text]) => [exitCodes[name as keyof typeof client], text] as const),
  ].sort(([a], [b]) => a - b)
  return page(
    'Exit codes',
    INTRO,
    table(
      ['code', 'meaning'],
      [
        ...codes.map(([number, text]) => [`${number}`, text]),
        [
          'by the signal (130, 143 in a shell)',
          'Ctrl-C in a verb that has nothing to put away (`init`: 130), or the second one in `run`, `demo`, `subscribe`, `decode`',
        ],
      ],
    ),
  )
}
