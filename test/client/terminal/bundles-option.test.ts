import { Command } from 'commander'
import t from 'tap'
import { bundlesOption } from '../../../client/terminal/bundles-option.js'
import { bundlesDir } from '../../../contract/package-root.js'

t.test('another folder, or those that come with it, whose place on this machine no help shows', async (t) => {
  const command = () => new Command().addOption(bundlesOption('folder of bundles, for the entropy'))
  t.equal(command().parse([], { from: 'user' }).opts().bundles, bundlesDir())
  t.equal(command().parse(['--bundles', 'mine'], { from: 'user' }).opts().bundles, 'mine')
  const help = command().helpInformation().replace(/\s+/g, ' ')
  t.match(help, '--bundles <dir> folder of bundles, for the entropy (default: those that come with it)')
  t.notMatch(help, bundlesDir())
})
