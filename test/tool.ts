/** A program that tests start: its path, or what to install. Tests never pass by skipping, nor fail with a bare ENOENT. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const debianPackage = {
  mosquitto: 'mosquitto',
  mosquitto_passwd: 'mosquitto',
  mosquitto_sub: 'mosquitto-clients',
  mosquitto_pub: 'mosquitto-clients',
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  openssl: 'openssl',
  'nats-server': 'nats-server',
  prlimit: 'util-linux',
  script: 'bsdutils',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good',
  stdbuf: 'coreutils',
  chromium: 'chromium',
  jq: 'jq',
} as const

/** @throws naming the program and its package */
export function tool(name: keyof typeof debianPackage): string {
  // Debian keeps mosquitto where only root's PATH leads.
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = dirs.map((dir) => join(dir, name)).find(executable)
  if (found) return found
  throw new Error(`${name} is not installed: sh .ci/setup --tests brings it, or apt-get install ${debianPackage[name]}`)
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
