import { spawnSync } from 'node:child_process'

/** Its errors. Left as it is, a package is made in seconds; a release is packed with xz. */
export function lintian(file: string): string {
  const suppressed = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball'
  const args = ['--allow-root', '--fail-on', 'error', '--suppress-tags', suppressed, file]
  const { status, stdout } = spawnSync('lintian', args, { encoding: 'utf8' })
  return status === 0 ? '' : stdout
}
