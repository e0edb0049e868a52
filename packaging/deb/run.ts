/** Programs that packaging starts: what they say is shown only where one fails. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface Place {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** @returns what it printed; @throws with its last lines, which say why */
export function run(program: string, args: readonly string[], { cwd, env }: Place = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 256 * 2 ** 20, encoding: 'utf8' as const }
    execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n')
      reject(
        new Error(
          missing
            ? `${program} is not installed: sh .ci/setup --deb brings it`
            : `${[program, ...args].join(' ')} failed:\n${last}`,
        ),
      )
    })
  })
}

/**
 * What `npm pack` makes of a package, laid into a folder.
 * @param spec `name@version`, or the folder of one @param verify may throw what it has against the tarball's bytes
 */
export async function unpackNpm(
  spec: string,
  folder: string,
  verify: (tarball: Uint8Array) => void = () => {},
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder, spec])
  const tarball = join(folder, packed.trim().split('\n').at(-1)!)
  verify(await readFile(tarball))
  await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1', '--no-same-owner'])
  await rm(tarball)
}
