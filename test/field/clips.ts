/** Camera clips: small, made by ffmpeg once a run. */
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { tool } from '../tool.js'
import type { Processes } from './processes.js'

export interface ClipOptions {
  /** street: the demo's clip, scaled; test: ffmpeg's moving test picture. */
  readonly of?: 'street' | 'test'
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  readonly seconds?: number
  /** Further output arguments of ffmpeg. */
  readonly args?: readonly string[]
  /** Ending of the file's name, which says the container. */
  readonly type?: string
}

export class Clips {
  private readonly made = new Map<string, Promise<string>>()

  constructor(
    private readonly processes: Processes,
    private readonly dir: string,
  ) {}

  get(options: ClipOptions = {}): Promise<string> {
    const key = JSON.stringify(options)
    let clip = this.made.get(key)
    if (!clip) {
      clip = this.make(options, `clip-${this.made.size}`)
      this.made.set(key, clip)
    }
    return clip
  }

  private async make(
    { of = 'street', width = 64, height = 64, fps = 10, seconds = 10, args = [], type = 'mp4' }: ClipOptions,
    name: string,
  ): Promise<string> {
    const file = join(this.dir, `${name}.${type}`)
    if (existsSync(file)) return file
    const street = [
      '-i',
      join(packageRoot(), 'config', 'demo', 'street.mp4'),
      '-vf',
      `scale=${width}:${height},fps=${fps}`,
    ]
    const test = ['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}`, '-pix_fmt', 'yuv420p']
    const codec = ['-an', '-t', String(seconds), '-g', String(Math.max(1, Math.round(fps)))]
    const out = join(this.dir, `making-${name}.${type}`)
    const words = ['-v', 'error', '-y', ...(of === 'street' ? street : test), ...codec, ...args, out]
    const { code, err } = await this.processes.run(tool('ffmpeg'), words)
    if (code !== 0) throw new Error(`ffmpeg made no clip: ${err}`)
    renameSync(out, file)
    return file
  }
}
