/**
 * User names and passwords of cameras and brokers: in the address, in keys of their own, in files (usernameFile,
 * passwordFile), or in the environment (${NAME}), and one address with all of it in the end.
 */
import { resolve } from 'node:path'
import { AddressError, formatAddress, isAddress, parseAddress } from '../address.js'
import { messageOf } from '../errors.js'
import { isPipeline } from './pipeline.js'
import { wrongSource } from './source.js'
import { hasControlCharacter, readSecret } from './text.js'

export interface LoginKeys {
  readonly username?: string | undefined
  readonly usernameFile?: string | undefined
  readonly password?: string | undefined
  readonly passwordFile?: string | undefined
}

export interface Login {
  readonly username?: string
  readonly password?: string
}

type Fault = (key: string, text: string) => void
const NAME = /\$\{(\w+)\}/g

/** ${NAME} as the environment has it; in an address, percent-encoded where a login stands. */
export function fromEnvironment(text: string, env: NodeJS.ProcessEnv, fault: (text: string) => void): string {
  const loginEnd = isAddress(text) ? text.lastIndexOf('@') : -1
  return text.replace(NAME, (_, name: string, at: number) => {
    const value = env[name]
    if (!value) fault(`\${${name}} is not set in the environment, or empty`)
    else if (hasControlCharacter(value)) fault(`\${${name}} has a line break or a control character in it`)
    return at < loginEnd ? encodeURIComponent(value ?? '') : (value ?? '')
  })
}

/** The keys' name and password; a file's content wins over what is written in the configuration. */
export function loginOf(keys: LoginKeys, env: NodeJS.ProcessEnv, fault: Fault): Login {
  const one = (key: 'username' | 'password'): string | undefined => {
    const file = keys[`${key}File`]
    if (file !== undefined) {
      if (keys[key] !== undefined) fault(`${key}File`, `${key} and ${key}File: keep one of them`)
      try {
        return readSecret(file)
      } catch (cause) {
        fault(`${key}File`, `${file} ${messageOf(cause)}`)
      }
    }
    const text = keys[key]
    return text === undefined ? undefined : fromEnvironment(text, env, (text) => fault(key, text))
  }
  const username = one('username')
  const password = one('password')
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
}

/** A source with its login in it, percent-encoded, whatever it was written like. @param folder what a file's relative path goes by */
export function sourceOf(
  camera: LoginKeys & { readonly source: string },
  env: NodeJS.ProcessEnv,
  fault: Fault,
  folder = '.',
): string {
  let wrong: string | undefined
  const source = fromEnvironment(camera.source, env, (text) => {
    wrong ??= text
  })
  wrong ??= wrongSource(source, folder)
  const login = loginOf(camera, env, fault)
  if (wrong) {
    fault('source', wrong)
    return source
  }
  if (!isAddress(source) || /^file:/i.test(source)) {
    if (login.username ?? login.password) fault('username', 'a file, video device or pipeline has no login of its own')
    return isAddress(source) || isPipeline(source) ? source : resolve(folder, source)
  }
  try {
    const address = parseAddress(source)
    const both = { ...address, ...login }
    if (both.password !== undefined && both.username === undefined) fault('password', 'a password needs a username')
    return formatAddress(both)
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause
    fault('source', cause.message)
    return source
  }
}

/** A broker's address in its parts: the url goes into logs and to the service manager, the rest must not. */
export function brokerOf(
  mqtt: LoginKeys & { readonly url?: string | undefined },
  env: NodeJS.ProcessEnv,
  fault: Fault,
) {
  const login = loginOf(mqtt, env, fault)
  if (mqtt.url === undefined) return { url: undefined, ...login }
  try {
    const { username, password, ...address } = parseAddress(
      fromEnvironment(mqtt.url, env, (text) => fault('url', text)),
    )
    const url = formatAddress(address)
    if (!URL.canParse(url) || new URL(url).hostname === '')
      fault('url', 'no host and port that can be read; expected mqtt://host:port or mqtts://host:port')
    return {
      url,
      ...(username && { username }),
      ...(password !== undefined && { password }),
      ...login,
    }
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause
    fault('url', cause.message)
    return { url: undefined, ...login }
  }
}
