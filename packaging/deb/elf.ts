/** What the binaries in the package need of the system's C and C++ libraries: the package's dependencies follow from it. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.js'

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46])

export async function elfFiles(tree: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const file = await open(path)
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    await file.close()
    if (buffer.equals(ELF)) found.push(path)
  }
  return found.sort()
}

/** The GCC whose libstdc++ brought a symbol version (gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html), newest first. */
const gccOf: readonly (readonly [glibcxx: number, gcc: string])[] = [
  [30, '12'],
  [29, '11'],
  [28, '9'],
  [26, '9'],
  [25, '8'],
  [24, '7'],
  [22, '6'],
  [21, '5'],
]

/** `libc6 (>= 2.28)` and `libstdc++6 (>= 11)`, from the newest symbol that any of the files asks for. */
export async function libraryDependencies(files: readonly string[]): Promise<string[]> {
  const said = await run('readelf', ['--version-info', '--wide', ...files])
  const newest = (pattern: RegExp) =>
    [...said.matchAll(pattern)]
      .map(([, version]) => version!)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .at(-1)
  const glibc = newest(/Name: GLIBC_(\d+(?:\.\d+)+)/g)
  const glibcxx = newest(/Name: GLIBCXX_3\.4\.(\d+)/g)
  const dependencies = glibc ? [`libc6 (>= ${glibc})`] : []
  if (glibcxx !== undefined) {
    const gcc = gccOf.find(([least]) => Number(glibcxx) >= least)?.[1]
    if (Number(glibcxx) > gccOf[0]![0])
      throw new Error(
        `a binary needs GLIBCXX_3.4.${glibcxx}, which packaging/deb/elf.ts does not know: compile on an older system, or add its GCC`,
      )
    dependencies.push(gcc ? `libstdc++6 (>= ${gcc})` : 'libstdc++6')
  }
  return dependencies
}
