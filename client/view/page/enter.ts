/**
 * The door with the token: what is wrong is said in it, and whoever enters is where the link led that brought them here. A form by
 * itself does as much (client/view/server.ts answers it), but draws the page anew for each token that is wrong.
 */
const form = document.querySelector('form')!
const field = document.querySelector('input')!
const fault = document.querySelector('[role=alert]')!

form.addEventListener('submit', (submit) => {
  submit.preventDefault()
  void enter()
})

async function enter(): Promise<void> {
  fault.textContent = ''
  const said = await faultOf(field.value)
  if (said !== undefined) {
    fault.textContent = said
    field.focus()
    return
  }
  // The moment that a link leads to stands behind the # and is in no request.
  if (location.pathname === '/' && location.search === '') location.reload()
  else location.replace(`/${location.hash}`)
}

/** undefined: it is known, and there is a cookie in its place. */
async function faultOf(token: string): Promise<string | undefined> {
  try {
    const body = new URLSearchParams({ token })
    const answer = await fetch('/enter', { method: 'POST', body, headers: { accept: 'application/json' } })
    if (answer.ok) return undefined
    const said = (await answer.json().catch(() => undefined)) as { error?: string } | undefined
    return said?.error ?? `the viewing server answered ${answer.status}`
  } catch {
    return 'The viewing server does not answer. Is `blindsight view` still running?'
  }
}
