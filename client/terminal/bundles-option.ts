/** Where the networks lie that bitstreams name: an option of every verb that reads into frames. */
import { Option } from 'commander'
import { bundlesDir } from '../../contract/package-root.js'

export const bundlesOption = (what = 'folder of bundles'): Option =>
  new Option('--bundles <dir>', what).default(bundlesDir(), 'those that come with it')
