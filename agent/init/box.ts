/** What init asks of the box that it sets up; agent/init.ts has the real one. */
import type { BrokerDraft, CameraDraft, Draft } from './draft.js'

export interface Device {
  readonly path: string
  readonly name: string
  readonly formats: readonly { readonly format: string; readonly sizes: readonly string[] }[]
  /** Instead of its path. */
  readonly source?: string
}

export type Found =
  | {
      readonly ok: true
      readonly stream?: {
        readonly codec: string
        readonly width: number
        readonly height: number
        readonly fps?: number
      }
    }
  | { readonly ok: false; readonly reason: string; readonly login: boolean }

export interface Box {
  /** Where the archive will be. */
  readonly stateDir: string
  devices(): Promise<readonly Device[]>
  probe(camera: Pick<CameraDraft, 'source' | 'username' | 'password' | 'inputFormat' | 'inputSize'>): Promise<Found>
  /** @returns how it was reached @throws why not */
  reach(broker: BrokerDraft): Promise<string>
  /** What `check-config` would say of it, without file and line. */
  faultOf(draft: Draft): string | undefined
  /** Sides of a picture are multiples of this. */
  readonly multiple: number
  /** What events can be about, and what is watched for by itself. */
  readonly classes: readonly { readonly id: string; readonly label: string; readonly watch: boolean }[]
  /** Its limits where nobody asks for others. */
  readonly archive: { readonly maxMegabytes: number; readonly maxDays: number }
  /** On the partition of the archive. */
  freeBytes(): number | undefined
}
