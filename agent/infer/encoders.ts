/** Symbols -> payloads: an entropy coder per camera. */
import { type Coded, type Coding, Encoder, type Profile } from '../../codec/index.js'
import type { FrameSize } from './networks.js'

export class Encoders {
  private readonly cameras = new Map<string, Encoder>()

  constructor(
    private readonly coding: Coding,
    private readonly stride: number,
  ) {}

  /** `key` asks for a keyframe. After an error the camera's next frame is one, too. */
  encode(cam: string, profile: Profile, size: FrameSize, symbols: Uint8Array, key: boolean): Coded {
    try {
      return this.of(cam, profile, size).encode(symbols, { key })
    } catch (error) {
      this.cameras.delete(cam)
      throw error
    }
  }

  private of(cam: string, profile: Profile, { width, height }: FrameSize): Encoder {
    const shape = { height: height / this.stride, width: width / this.stride }
    let encoder = this.cameras.get(cam)
    const same =
      encoder?.profile === profile && encoder.shape.height === shape.height && encoder.shape.width === shape.width
    if (!encoder || !same) {
      encoder = new Encoder(profile, this.coding, shape)
      this.cameras.set(cam, encoder)
    }
    return encoder
  }
}
