/** Names that the configuration takes, made of what things are called. */

/** "HD Pro Webcam C920" -> hd-pro-webcam-c920, or `otherwise`; with a number behind it where it is taken. */
export function nameFrom(text: string, taken: readonly string[], otherwise: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '')
  const base = plain || otherwise
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`
    if (!taken.includes(name)) return name
  }
}
