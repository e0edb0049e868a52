/** A configuration, and what it asks of its bundle and of this box: all that is wrong with them, at once. */
import { type Bundle, BundleError } from '../contract/bundle.js'
import type { Examined, LoadedConfig } from './config/load.js'
import { ConfigError } from './config/wrong.js'
import { fit, fitPorts } from './fit.js'

export interface Usable {
  readonly config: LoadedConfig
  readonly bundle: Bundle
}

/** Where one of these is wrong, which bundle it would be cannot be told. */
const OF_BUNDLE = ['stateDir', 'bundle', 'bundles']

/**
 * @param ports whether this user may listen where the configuration wants it
 * @param fitted instead of fit, of a configuration that is right by itself
 * @throws {ConfigError} @throws {BundleError} the bundle is damaged, and nothing else is wrong
 */
export async function usable(
  examined: Examined,
  fitted: (config: LoadedConfig) => Bundle = fit,
  ports: (config: LoadedConfig) => Promise<void> = fitPorts,
): Promise<Usable> {
  const found: (ConfigError | BundleError)[] = examined.error ? [examined.error] : []
  const { config } = examined
  let bundle: Bundle | undefined
  const look = async (work: () => void | Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof BundleError)) throw error
      found.push(error)
    }
  }
  if (config) {
    if (!examined.error)
      await look(() => {
        bundle = fitted(config)
      })
    else if (!OF_BUNDLE.some((key) => examined.faulty.has(key))) await look(() => void fit(config))
    await look(() => ports(config))
  }
  const [first, ...others] = found
  if (first)
    throw others.length === 0
      ? first
      : new ConfigError(
          found.flatMap((one) => (one instanceof ConfigError ? one.wrongs : [{ line: undefined, text: one.message }])),
        )
  return { config: config!, bundle: bundle! }
}
