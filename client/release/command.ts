/** The verbs of `blindsight bundle` for whoever releases bundles. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../failure.js'
import { brokerFlags } from '../terminal/broker-flags.js'
import { printError, printOut, runVerb } from '../terminal/verb.js'
import type { SendFlags } from './send-command.js'

export function registerRelease(program: Command): void {
  const bundle =
    program.commands.find((command) => command.name() === 'bundle') ??
    program.command('bundle').description('for whoever releases networks: keygen, sign, pack, send')

  bundle
    .command('keygen')
    .description(
      'make a pair of ed25519 keys: one signs bundles and stays with you, the other goes into the configuration of the boxes',
    )
    .requiredOption('--out <file>', 'the private key, PEM, readable by you alone; the public one is FILE.pub')
    .addHelpText('after', `${exitCodesHelp}\n\nExample: blindsight bundle keygen --out release.key`)
    .action(({ out }: { out: string }) =>
      runVerb(async () => {
        const { keygen } = await import('./keys.js')
        const { name, raw } = keygen(out)
        printOut(`${out}: keep it, and a copy; ${out}.pub: key ${name}. In the configuration of each box:`)
        printOut(`bundles:\n  publicKey: ${raw}`)
        return 0
      }),
    )

  bundle
    .command('sign')
    .description("sign a bundle: its manifest, which names every file's SHA-256")
    .argument('<folder>', 'a bundle, like models/bundles/field-1; manifest.json.sig is written into it')
    .requiredOption('--key <file>', 'the private key, as `bundle keygen` makes it')
    .addHelpText(
      'after',
      `${exitCodesHelp}\n\nExample: blindsight bundle sign models/bundles/field-2 --key release.key`,
    )
    .action((dir: string, { key }: { key: string }) =>
      runVerb(async () => {
        const { signBundle } = await import('./keys.js')
        const { id, sha256, name } = await signBundle(dir, key)
        printOut(`${dir}: ${id}, SHA-256 ${sha256.slice(0, 16)}…, signed with key ${name}`)
        return 0
      }),
    )

  bundle
    .command('pack')
    .description('put a bundle into one file for `bundle add` and `bundle send`, without what no box may have')
    .argument('<folder>', 'a bundle, like models/bundles/field-1')
    .requiredOption('--out <file>', 'the .tar.gz to write')
    .addHelpText(
      'after',
      `${exitCodesHelp}\n\nExample: blindsight bundle pack models/bundles/field-2 --out field-2.tar.gz`,
    )
    .action((dir: string, { out }: { out: string }) =>
      runVerb(async () => {
        const { pack } = await import('./pack.js')
        const { id, bytes, leftOut, signer } = await pack(dir, out)
        for (const name of leftOut) printError(`${name} is left out: no box makes pictures`)
        printOut(
          `${out}: ${id}, ${(bytes / 1e6).toFixed(1)} MB, ${signer ? `signed with key ${signer}` : 'not signed'}`,
        )
        return 0
      }),
    )

  brokerFlags(
    bundle.command('send').description('send a signed bundle to a box over MQTT, if its configuration allows that'),
  )
    .argument('<file|folder>', 'what `bundle pack` has written, or the folder')
    .requiredOption('--device <id>', 'the box')
    .option('--use', 'also use it, at once; if it does not start the one before comes back by itself')
    .option('--timeout <seconds>', 'how long to wait for each answer', '10')
    .addHelpText(
      'after',
      `
Files that the box has of another bundle are not sent. Run again after an interruption: it goes on where it was.
${exitCodesHelp}

Examples:
  blindsight bundle send field-2.tar.gz --device gate-1 --broker mqtts://broker.local
  blindsight bundle send field-2.tar.gz --device gate-1 --use`,
    )
    .action((path: string, flags: SendFlags) =>
      runVerb(async () => (await import('./send-command.js')).send(path, flags)),
    )
}
