/** The verbs of `blindsight bundle` that work on the box. */

import type { Command } from 'commander'
import { USUAL_CONFIG } from '../contract/command-line.js'
import type { BundleOptions } from './bundle-verbs.js'
import { exitsHelp } from './errors.js'

const verbs = () => import('./bundle-verbs.js')

const onBox = (command: Command): Command =>
  command.option('-c, --config <file>', "the box's configuration", USUAL_CONFIG)

const codes = exitsHelp({ 3: 'the bundle or the disk refuses it', 78: 'the configuration does' })

export function registerBundle(bundle: Command): void {
  onBox(
    bundle
      .command('add')
      .description('check a bundle, try it and keep it beside those of the package; it is not used yet'),
  )
    .argument('<file|folder>', '.tar or .tar.gz of a bundle, or its folder')
    .addHelpText(
      'after',
      `\nChecked: the manifest, the SHA-256 of every file, the signature where bundles.publicKey is configured, and that the networks run\non one frame. A decoder in it is left out.${codes}\n\nExamples:\n  sudo blindsight bundle add field-2.tar.gz\n  sudo blindsight bundle add models/bundles/field-2 --config my.yaml`,
    )
    .action(async (path: string, options: BundleOptions) => (await verbs()).add(path, options))

  onBox(
    bundle.command('list').description('the bundles of this box: which is in use, which was before, who signed them'),
  )
    .option('--json', 'print one JSON object')
    .addHelpText('after', `${codes}\n\nExample: sudo blindsight bundle list`)
    .action(async (options: BundleOptions & { json?: boolean }) => (await verbs()).list(options))

  onBox(bundle.command('use').description('run another bundle from the next start or reload on'))
    .argument('[id]', 'as `bundle list` shows it')
    .option('--back', 'the one before')
    .addHelpText(
      'after',
      `\nIf it does not come to its first frame, the one before comes back by itself and status says so.${codes}\n\nExamples:\n  sudo blindsight bundle use field-2 && sudo systemctl reload blindsight\n  sudo blindsight bundle use --back`,
    )
    .action(async (id: string | undefined, options: BundleOptions & { back?: boolean }) =>
      (await verbs()).use(id, options),
    )

  onBox(bundle.command('remove').description('remove a bundle that was added and is not in use'))
    .argument('<id>', 'as `bundle list` shows it')
    .addHelpText('after', `${codes}\n\nExample: sudo blindsight bundle remove field-2`)
    .action(async (id: string, options: BundleOptions) => (await verbs()).remove(id, options))
}
