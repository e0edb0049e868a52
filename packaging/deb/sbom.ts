/** The bill of materials, CycloneDX 1.5: what `npm sbom` says, with what npm does not know of, the same bytes each time. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Module } from './modules.js'
import { run } from './run.js'

interface Sbom {
  serialNumber?: string
  metadata: { timestamp: string; component: Record<string, unknown> }
  components: Record<string, unknown>[]
  dependencies: { ref: string; dependsOn?: string[] }[]
  [key: string]: unknown
}

/**
 * Of the tree that is packed, before anything is taken out of it: from the lock file alone npm leaves out what programs for
 * development need, too.
 */
export const npmSbom = (app: string): Promise<string> =>
  run('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: app })

/** @param npm what npmSbom gave; @param epoch seconds since 1970: the time it says; @param binaries what was compiled or taken as it is; @param modules what is left of npm's */
export async function sbomFile(
  npm: string,
  { version, epoch }: { readonly version: string; readonly epoch: number },
  nodeVersion: string,
  binaries: readonly string[],
  modules: readonly Pick<Module, 'name' | 'version'>[],
): Promise<string> {
  const sbom = JSON.parse(npm) as Sbom
  sbom.metadata.timestamp = new Date(epoch * 1000).toISOString()
  sbom.metadata.component = { ...sbom.metadata.component, type: 'application', name: 'blindsight', version }
  // What only compiles the others is in npm's tree and not in the package.
  const inside = new Set(modules.map(({ name, version }) => `${name}@${version}`))
  const gone = new Set<unknown>()
  sbom.components = sbom.components.filter((component) => {
    const kept = inside.has(`${component.group ? `${component.group}/` : ''}${component.name}@${component.version}`)
    if (!kept) gone.add(component['bom-ref'])
    return kept
  })
  sbom.dependencies = sbom.dependencies
    .filter(({ ref }) => !gone.has(ref))
    .map(({ dependsOn, ...rest }) => ({
      ...rest,
      ...(dependsOn && { dependsOn: dependsOn.filter((ref) => !gone.has(ref)) }),
    }))
  sbom.components.push({
    'bom-ref': `node@${nodeVersion}`,
    type: 'platform',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:generic/node@${nodeVersion}`,
    licenses: [{ license: { id: 'MIT' } }],
  })
  for (const file of binaries)
    sbom.components.push({
      'bom-ref': `file:${basename(file)}`,
      type: 'file',
      name: basename(file),
      hashes: [
        {
          alg: 'SHA-256',
          content: createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        },
      ],
    })
  // npm's is a random number.
  delete sbom.serialNumber
  const digest = createHash('sha256').update(JSON.stringify(sbom)).digest('hex')
  const uuid = digest.slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
  const { $schema, bomFormat, specVersion, ...rest } = sbom
  return `${JSON.stringify({ $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...rest }, null, 1)}\n`
}
