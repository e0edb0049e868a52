/** systemd's own opinion of a unit, without running it. */
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'

export function analyze(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  if (error) throw new Error('systemd-analyze does not run: sh .ci/setup --tests installs it', { cause: error })
  return { status, output: stdout + stderr }
}

/** 0 to 10; the weights move a little from version to version. */
export function exposure(unit: string): number {
  const { output } = analyze('security', '--offline=true', '--no-pager', unit)
  return Number(new RegExp(`Overall exposure level for ${basename(unit)}: ([\\d.]+)`).exec(output)?.[1])
}
