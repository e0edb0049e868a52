/** debian/copyright of everything inside, machine-readable (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/). */
import type { Module } from './modules.js'

const APP = 'usr/lib/blindsight/app'

/**
 * @param notice our NOTICE file
 * @returns with one text for each licence: MIT's words are the same in all packages
 */
export function copyrightFile(modules: readonly Module[], notice: string): string {
  const licenses = [...new Set(modules.map(shortName))].sort()
  const stanzas = [
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: blindsight
Comment: The npm packages lie as they were published, each with its own licence file where it has one;
 /usr/share/doc/blindsight/sbom.cdx.json lists them with versions and hashes.`,
    `Files: *
Copyright: the blindsight founders
License: Apache-2.0
Comment:${indented(notice)}`,
    `Files: ${APP}/config/demo/street.mp4 usr/share/doc/blindsight/docs/images/*
Copyright: Intel IoT DevKit
License: CC-BY-4.0
Comment: Sample videos, https://github.com/intel-iot-devkit/sample-videos; re-encoded, sound removed. The pictures were decoded from
 what the clip was encoded to.`,
    `Files: ${APP}/models/bundles/*
Copyright: the blindsight founders
License: Apache-2.0
Comment: Weights, trained on research data, whose terms bind commercial use: the comment on the first files names it.`,
    `Files: usr/lib/blindsight/bin/node
Copyright: Node.js contributors, and those whom the licence names
License: Node.js`,
    ...modules.map(
      (module) => `Files: ${APP}/${module.folder}/*
Copyright: ${copyrightOf(module)}
License: ${shortName(module)}`,
    ),
    `Files: ${APP}/node_modules/onnxruntime-node/bin/*
Copyright: Microsoft Corporation
License: MIT
Comment: ONNX Runtime. What it is built from: /usr/share/doc/blindsight/NOTICES.onnxruntime.gz.`,
    ...licenses.map((license) => `License: ${license}\n${textOf(license, modules)}`),
    `License: CC-BY-4.0
 Creative Commons Attribution 4.0 International: https://creativecommons.org/licenses/by/4.0/legalcode`,
    `License: Node.js
 MIT, and the licences of all that Node.js holds: /usr/share/doc/blindsight/LICENSE.node.gz has them whole.`,
  ]
  return `${stanzas.join('\n\n')}\n`
}

/** Of a choice of licences MIT is taken where it is one of them, else the first. BSD's texts name who wrote what they are of: each has its own. */
function shortName({ license, name, text }: Module): string {
  const choices = license.replace(/^\((.*)\)$/, '$1').split(' OR ')
  if (choices.includes('MIT')) return 'MIT'
  const first = choices[0]!.replaceAll(' AND ', ' and ')
  return /^BSD/.test(first) && text ? `${first}-${name.replace(/[^a-z0-9.-]+/g, '-').replace(/^-/, '')}` : first
}

function copyrightOf({ text, author, name }: Module): string {
  const lines = (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^copyright\b.*(\d{4}|©|\(c\))|^(\(c\)|©)\s*\d{4}/i.test(line))
    .filter((line) => !/yyyy|owner\]/i.test(line))
    .map((line) => line.replace(/^copyright:?\s*/i, ''))
  return lines.length > 0 ? [...new Set(lines)].join('\n ') : (author ?? `the authors of ${name}`)
}

function textOf(license: string, modules: readonly Module[]): string {
  if (license === 'Apache-2.0') return ' On Debian systems, see /usr/share/common-licenses/Apache-2.0.'
  const sample = modules.find((module) => shortName(module) === license && module.text)
  if (!sample?.text) return ` The terms of SPDX licence ${license}: https://spdx.org/licenses/.`
  const body = sample.text
    .split('\n')
    .filter((line) => !/^\s*(copyright\b.*\d{4}|\(c\)|©)/i.test(line))
    .join('\n')
    .replace(/\n\s*\n\s*\n/g, '\n\n')
    .trim()
  return indented(body).slice(1)
}

/** Lines of a field: each begins with a space, an empty one is a dot. */
const indented = (text: string): string =>
  `\n${text
    .trim()
    .split('\n')
    .map((line) => (line.trim() ? ` ${line.trimEnd().replaceAll('\t', '  ')}` : ' .'))
    .join('\n')}`
