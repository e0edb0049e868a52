/** The page as files that any browser takes, under dist/client/view/page: part of `npm run build`. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname
const out = join(here, '..', '..', '..', 'dist', 'client', 'view', 'page')
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await build({
  entryPoints: {
    page: join(here, 'main.tsx'),
    enter: join(here, 'enter.ts'),
    decoder: join(here, 'decoder', 'worker.ts'),
  },
  outdir: out,
  bundle: true,
  // What writes MP4 is loaded when somebody saves one.
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'linked',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
})
for (const file of ['index.html', 'enter.html', 'style.css', 'icon.svg']) copyFileSync(join(here, file), join(out, file))
