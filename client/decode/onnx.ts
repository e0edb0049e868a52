/** The adapter around onnxruntime-node: graphs from `symbols` uint8 [N,C,h,w] to named tensors, on the CPU. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { BundleError } from '../../contract/bundle.js'

// As the agent (agent/infer/onnx.ts): otherwise ONNX Runtime tells its maker of every graph that is opened.
process.env.ORT_DISABLE_TELEMETRY = '1'

export interface Output {
  readonly data: Uint8Array
  readonly dims: readonly number[]
}

export class Graph {
  private constructor(
    private readonly path: string,
    private readonly session: InferenceSession,
  ) {}

  /** @throws {BundleError} graph */
  static async open(path: string): Promise<Graph> {
    try {
      const session = await InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 3 })
      return new Graph(path, session)
    } catch (cause) {
      throw new BundleError('graph', `${path}: cannot be loaded (${(cause as Error).message})`, { cause })
    }
  }

  /** The uint8 output of that name. @throws {BundleError} graph: it fails, or its output has another type or shape */
  async run(symbols: Uint8Array, dims: readonly number[], name: string, expected: readonly number[]): Promise<Output> {
    let outputs: InferenceSession.OnnxValueMapType
    try {
      outputs = await this.session.run({ symbols: new Tensor('uint8', symbols, [...dims]) }, [name])
    } catch (cause) {
      throw new BundleError('graph', `${this.path}: ${(cause as Error).message}`, { cause })
    }
    const output = outputs[name] as Tensor
    const fits = output.dims.length === expected.length && output.dims.every((dim, i) => dim === expected[i])
    if (output.type !== 'uint8' || !fits) {
      const found = `${output.type} [${output.dims.join(',')}]`
      throw new BundleError('graph', `${this.path}: ${name} is ${found}, expected uint8 [${expected.join(',')}]`)
    }
    return { data: output.data as Uint8Array, dims: output.dims }
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}
