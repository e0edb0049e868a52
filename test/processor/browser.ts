/** In a headless Chromium: serves the repository on loopback, opens a page that runs check.ts, prints what it found. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..', '..', '..')
const page = `<!doctype html><pre id="result">…</pre><script type="module">
  import { check } from '/dist/test/processor/check.js'
  const read = async (path) => new Uint8Array(await (await fetch('/' + path)).arrayBuffer())
  const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('')
  const sha256 = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes))
  const say = (text) => { document.getElementById('result').textContent = text }
  try { say('RESULT\\n' + (await check({ read, sha256 }, ${JSON.stringify(process.argv.slice(2))})).join('\\n') + '\\nEND') } catch (error) { say('FAILED ' + error.stack) }
</script>`

const server = createServer((request, response) => {
  const path = normalize(request.url ?? '/')
  if (path === '/') {
    response.setHeader('content-type', 'text/html')
    response.end(page)
    return
  }
  try {
    if (path.endsWith('.js')) response.setHeader('content-type', 'text/javascript')
    response.end(readFileSync(join(root, path)))
  } catch {
    response.writeHead(404).end()
  }
})
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address() as { port: number }
  const profile = mkdtempSync(join(tmpdir(), 'blindsight-chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    '--virtual-time-budget=60000',
  ]
  try {
    const { stdout } = await promisify(execFile)('chromium', [...flags, '--dump-dom', `http://127.0.0.1:${port}/`], {
      maxBuffer: 1 << 24,
      timeout: 3_600_000,
    })
    const result = /RESULT\n([\s\S]*)\nEND/.exec(stdout)?.[1]
    if (!result) throw new Error(stdout)
    console.log(result)
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  } finally {
    server.close()
    rmSync(profile, { recursive: true, force: true })
  }
})
