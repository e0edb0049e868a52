/** Tables and words of generated pages, as GitHub shows them. */

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

/** A bar would end the cell, also within code. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

/** What stands in angle brackets outside code would be taken for HTML and vanish. */
export const plain = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '\\<').replaceAll('*', '\\*')))
    .join('')

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``

/** Each on a line of its own, a blank line between. */
export const page = (title: string, ...parts: readonly string[]): string =>
  `${[`# ${title}`, '<!-- Made by `npm run docs`: change the sources, not this page. -->', ...parts].join('\n\n')}\n`
