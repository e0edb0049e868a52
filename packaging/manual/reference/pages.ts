/** docs/reference, the pages that are made: file name to text. */
import { buildProgram } from '../../../cli/program.js'
import { verbOf } from '../verbs.js'
import { verbsPage } from './commands.js'
import { configurationPage } from './configuration.js'
import { exitCodesPage } from './exit-codes.js'
import { messagesPage } from './messages.js'
import { metricsPage } from './metrics.js'

export const referencePages = (): Map<string, string> =>
  new Map([
    ['configuration.md', configurationPage()],
    ['messages.md', messagesPage()],
    ['verbs.md', verbsPage(verbOf(buildProgram()))],
    ['exit-codes.md', exitCodesPage()],
    ['metrics.md', metricsPage()],
  ])
