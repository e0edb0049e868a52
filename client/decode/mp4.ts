/** Pictures to an MP4 file through the ffmpeg program: H.264, whole or not at all. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { Failure } from '../failure.js'
import type { Picture } from './picture.js'

const errorTail = 400

export class Mp4Writer {
  private child: ChildProcess | undefined
  private width = 0
  private height = 0
  private errors = ''
  private ended: Promise<number | null> | undefined
  private spawnError: Error | undefined
  private readonly part: string

  constructor(
    private readonly file: string,
    private readonly fps: number,
    private readonly program = 'ffmpeg',
  ) {
    this.part = `${file}.${process.pid}.part`
  }

  /** The first picture sets the size. @throws {Failure} input: another size; other: ffmpeg failed */
  async add({ width, height, data }: Picture): Promise<void> {
    const stdin = this.child?.stdin ?? this.start(width, height)
    if (width !== this.width || height !== this.height) {
      const sizes = `${this.width}x${this.height} and ${width}x${height}`
      throw new Failure(
        'input',
        `pictures of ${sizes}, ${this.file}, give the files of one camera and one size at a time`,
      )
    }
    // A broken pipe is told below, by what ffmpeg said.
    if (!stdin.write(data)) await Promise.race([once(stdin, 'drain').catch(() => {}), this.ended])
    if (this.spawnError || stdin.destroyed) throw await this.failure()
  }

  /** False if there was no picture to write. @throws {Failure} other: ffmpeg failed */
  async finish(): Promise<boolean> {
    if (!this.child) return false
    this.child.stdin?.end()
    if ((await this.ended) !== 0) throw await this.failure()
    renameSync(this.part, this.file)
    return true
  }

  /** After a failure elsewhere, or an interrupt: nothing is left behind. */
  async discard(): Promise<void> {
    this.child?.kill('SIGKILL')
    await this.ended
    rmSync(this.part, { force: true })
  }

  private start(width: number, height: number): Writable {
    this.width = width
    this.height = height
    mkdirSync(dirname(this.file), { recursive: true })
    const input = [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      `${width}x${height}`,
      '-r',
      `${this.fps}`,
      '-i',
      'pipe:0',
    ]
    const video = ['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p']
    const output = ['-movflags', '+faststart', '-f', 'mp4', this.part]
    const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...input, ...video, ...output]
    const child = spawn(this.program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    this.child = child
    this.ended = new Promise((resolve) => {
      child.once('close', resolve)
      child.once('error', (error) => {
        this.spawnError = error
        resolve(null)
      })
    })
    child.stderr.on('data', (text) => {
      this.errors = `${this.errors}${text}`.slice(-errorTail)
    })
    // ffmpeg's own message says more than the broken pipe.
    child.stdin.on('error', () => {})
    return child.stdin
  }

  private async failure(): Promise<Failure> {
    const code = await this.ended
    if ((this.spawnError as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      return new Failure('other', `no ${this.program}, to write ${this.file}, install it (apt-get install ffmpeg)`)
    }
    const reason = this.spawnError?.message ?? (this.errors.trim() || `exit code ${code}`)
    return new Failure('other', `${this.program} failed, ${this.file}: ${reason}`)
  }
}
