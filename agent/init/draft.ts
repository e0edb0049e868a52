/** What has been answered so far, and the configuration that it makes. Passwords stand in files of their own. */
import { join } from 'node:path'

export interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

export interface CameraDraft extends Login {
  readonly id: string
  readonly source: string
  readonly inputFormat?: string | undefined
  readonly inputSize?: string | undefined
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly zones?: readonly { readonly name: string; readonly polygon: readonly (readonly [number, number])[] }[]
  /** Absent: what the bundle watches for, anywhere. */
  readonly events?: readonly { readonly class: string; readonly zone?: string }[]
}

export interface BrokerDraft extends Login {
  readonly url: string
  readonly caFile?: string | undefined
}

export interface Draft {
  readonly device?: string | undefined
  readonly stateDir?: string | undefined
  readonly cameras: readonly CameraDraft[]
  /** Absent: the one inside. */
  readonly broker?: BrokerDraft | undefined
  readonly archive?: { readonly maxMegabytes: number; readonly maxDays: number } | undefined
}

export interface Secret {
  readonly file: string
  readonly text: string
}

/** @param folder where the files with passwords are */
export function configOf(draft: Draft, folder: string): { values: Record<string, unknown>; secrets: Secret[] } {
  const secrets: Secret[] = []
  const inFile = (name: string, text: string) => {
    const file = join(folder, name)
    secrets.push({ file, text: `${text}\n` })
    return file
  }
  const login = ({ username, password }: Login, name: string) => ({
    // Only in a file is a ${ no variable of the environment.
    ...(username?.includes('${') ? { usernameFile: inFile(`${name}-user`, username) } : { username }),
    ...(password && { passwordFile: inFile(`${name}-password`, password) }),
  })
  const cameras = draft.cameras.map(({ username, password, ...rest }) =>
    known({ ...rest, ...login({ username, password }, `camera-${rest.id}`) }),
  )
  const { device, stateDir, archive, broker } = draft
  const mqtt = broker && known({ url: broker.url, ...login(broker, 'mqtt'), caFile: broker.caFile })
  return { values: known({ device, stateDir, cameras, mqtt, archive }), secrets }
}

const known = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** Why a password cannot be kept in a file, on one line, whose edges are not a part of it. */
export function wrongSecret(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a control character in it'
  return text === text.trim() ? undefined : 'begins or ends with a blank, which a password file cannot hold'
}
