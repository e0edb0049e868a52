/** The two processors that packages are made for, in the words of Debian, Node and the GNU tools. */
export const architectures = {
  amd64: { node: 'x64', triple: 'x86_64-linux-gnu' },
  arm64: { node: 'arm64', triple: 'aarch64-linux-gnu' },
} as const

export type Architecture = keyof typeof architectures

export const hostArchitecture = (): Architecture => (process.arch === 'arm64' ? 'arm64' : 'amd64')

/** The GNU tool for that processor's binaries: the machine's own, or the cross one. */
export const gnu = (tool: string, arch: Architecture): string =>
  arch === hostArchitecture() ? tool : `${architectures[arch].triple}-${tool}`
