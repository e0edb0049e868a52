/** Objects in any service that speaks S3. The only file that knows @aws-sdk/client-s3. Credentials, region and endpoint come from the environment, as for every tool of that kind. */
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Failure } from '../failure.js'
import { type ObjectStore, soundPlace } from './objects.js'

/** Deletions under way at once. One by one and not by lists, which not every service takes. */
const IN_FLIGHT = 16

export class S3 implements ObjectStore {
  private constructor(
    readonly name: string,
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  /** @param address s3://bucket/prefix @throws {Failure} input: there is no such bucket */
  static async open(address: string, env: NodeJS.ProcessEnv = process.env): Promise<S3> {
    const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/.exec(address) ?? []
    if (bucket === undefined)
      throw new Failure('usage', `no bucket, ${address}, expected s3://bucket or s3://bucket/prefix`)
    const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
    // Which Node.js is old enough to warn of is package.json's to say.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
    const client = new S3Client({
      region: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
      // Of services other than Amazon's, few have a host name for each bucket.
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      // Checksums that older services refuse; whether an object is whole is known from its SHA-256 in the store.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    })
    const store = new S3(`s3://${[bucket, prefix].filter(Boolean).join('/')}`, client, bucket, prefix)
    await store.checkBucket()
    return store
  }

  async put(place: string, bytes: Uint8Array): Promise<void> {
    const body = { Body: bytes, ContentLength: bytes.length, ContentType: 'application/octet-stream' }
    await this.said(place, this.client.send(new PutObjectCommand({ ...this.at(place), ...body })))
  }

  async get(place: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand(this.at(place)))
      return await Body?.transformToByteArray()
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined
      throw this.failure(place, error)
    }
  }

  async delete(places: readonly string[]): Promise<void> {
    const left = [...places]
    const work = async () => {
      for (let place = left.pop(); place !== undefined; place = left.pop())
        await this.said(place, this.client.send(new DeleteObjectCommand(this.at(place))))
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  }

  private at(place: string) {
    return { Bucket: this.bucket, Key: [this.prefix, soundPlace(place)].filter(Boolean).join('/') }
  }

  /**
   * A service that is away may come, and one may write without being allowed to read: only a bucket that is plainly not there ends the
   * start. Asked for by an object that never is: to ask for a bucket itself is a right that a collector need not have.
   */
  private async checkBucket(): Promise<void> {
    try {
      await this.client.send(new GetObjectCommand(this.at('none.bsf')))
    } catch (error) {
      if ((error as Error).name !== 'NoSuchBucket') return
      throw new Failure('input', `no such bucket, ${this.name}, make it, or check AWS_ENDPOINT_URL_S3 and AWS_REGION`)
    }
  }

  private said<T>(place: string, work: Promise<T>): Promise<T> {
    return work.catch((error) => {
      throw this.failure(place, error)
    })
  }

  private failure(place: string, error: unknown): Error {
    const { name, message } = error as Error
    return new Error(`${this.name}/${place}: ${message || name}`, { cause: error })
  }
}
