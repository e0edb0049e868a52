/** A process of its own that adds a bundle: a network that brings the process down takes no camera with it. The result goes to stdout. */
import { addFrom } from './bundle-verbs.js'
import { messageOf } from './errors.js'

export interface AddJob {
  readonly path: string
  readonly stateDir: string
  readonly minFreeBytes: number
  readonly publicKey: string | undefined
}

const job = JSON.parse(process.argv[2]!) as AddJob

try {
  process.stdout.write(JSON.stringify(await addFrom(job.path, job)))
} catch (error) {
  process.stderr.write(messageOf(error).replaceAll(`${job.path}: `, ''))
  process.exitCode = 3
}
