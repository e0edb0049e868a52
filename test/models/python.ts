/** The Python that trains: of .ci/setup's virtual environment, or of a machine that has PyTorch itself. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
const venv = join(root, '.venv/bin/python')
export const python = existsSync(venv) ? venv : 'python3'
