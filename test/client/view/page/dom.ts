/**
 * A page without a browser: linkedom's document, in which Preact renders for real, and by hand what of a browser the components
 * ask beside it. Layout, canvases and the decoding worker only a browser has: the long tests in Chromium have those.
 */
import { parseHTML } from 'linkedom'
import type { ComponentChild } from 'preact'
import type { Test } from 'tap'
import type { FromWorker, ToWorker } from '../../../../client/view/page/decoder/protocol.js'

/** The decoding worker: what it is told, and what it says. One for all tests of a process, as the page has one. */
class FakeWorker extends EventTarget {
  readonly told: ToWorker[] = []
  postMessage = (message: ToWorker): void => void this.told.push(message)
  say(data: FromWorker): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }
}
export const worker = new FakeWorker()

export class FakeSource extends EventTarget {
  static readonly opened: FakeSource[] = []
  closed = false
  readyState = 1
  constructor(readonly url: string) {
    super()
    FakeSource.opened.push(this)
  }
  close(): void {
    this.closed = true
    this.readyState = 2
  }
  /** As after a connection that broke, which a browser mends itself; or after an answer that is no stream, where it has given up. */
  fail(readyState: 0 | 2): void {
    this.readyState = readyState
    this.dispatchEvent(new Event('error'))
  }
  opens(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
  say(kind: string, data: unknown): void {
    this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(data) }))
  }
}

/** What is drawn on a canvas, in its order: the name of each call, with its numbers and texts. */
const strokes = new WeakMap<object, string[]>()
export const strokesOf = (canvas: Element): string[] => strokes.get(canvas) ?? []
function contextOf(canvas: object): object {
  const drawn = strokes.get(canvas) ?? []
  strokes.set(canvas, drawn)
  const state: Record<string, unknown> = {}
  return new Proxy(state, {
    get: (_, name) => {
      if (name in state) return state[name as string]
      if (name === 'measureText') return (text: string) => ({ width: 6 * text.length })
      return (...args: unknown[]) => {
        const plain = args.filter((one) => typeof one !== 'object')
        drawn.push(`${String(name)}(${plain.join()})${name === 'fillRect' ? ` ${state.fillStyle}` : ''}`)
      }
    },
  })
}

export interface Dom {
  readonly root: HTMLElement
  /** Addresses asked of the server, with their method if it is no GET. */
  readonly asked: string[]
  /** The server's answers, by the beginning of the question after api/; an Error is its refusal. */
  readonly answers: Record<string, unknown>
  show(what: ComponentChild): Promise<void>
  /** Does something, and waits for what it brings about. */
  does(work: () => unknown): Promise<void>
  one(selector: string): HTMLElement
  all(selector: string): HTMLElement[]
  /** A button or field by its label or text. */
  named(name: string): HTMLElement
  click(name: string): Promise<void>
  send(target: EventTarget, type: string, more?: object): Promise<Event>
  key(target: EventTarget, key: string, more?: object): Promise<Event>
  enter(field: HTMLElement, value: string): Promise<void>
  text(selector?: string): string
}

export async function openDom(t: Test): Promise<Dom> {
  const window = parseHTML('<!doctype html><html><body><div id="page"></div></body></html>')
  const { document } = window
  const asked: string[] = []
  const answers: Record<string, unknown> = {}
  const place = { hash: '', href: 'http://127.0.0.1:8484/' }
  const goto = (_: unknown, __: unknown, hash: string) => {
    place.hash = hash
    place.href = `http://127.0.0.1:8484/${hash}`
  }
  const canvas = window.HTMLCanvasElement.prototype as { getContext?: unknown }
  canvas.getContext = function (this: object) {
    return contextOf(this)
  }
  const restore = replaceGlobals({
    ...{ window, document, location: place, navigator: {}, isSecureContext: true, devicePixelRatio: 1 },
    ...{ HTMLElement: window.HTMLElement, HTMLButtonElement: window.HTMLButtonElement, SVGElement: window.SVGElement },
    ...{
      Worker: function FakedWorker() {
        return worker
      },
      EventSource: FakeSource,
    },
    history: { pushState: goto, replaceState: goto },
    // Events bubble as far as the document; nobody in between is meant to tell the two apart.
    addEventListener: document.addEventListener.bind(document),
    removeEventListener: document.removeEventListener.bind(document),
    requestAnimationFrame: (work: () => void) => setTimeout(work),
    cancelAnimationFrame: clearTimeout,
    getComputedStyle: () => ({ getPropertyValue: (name: string) => name, fontFamily: 'sans-serif' }),
    matchMedia: () => new EventTarget(),
    ResizeObserver: class {
      observe() {}
      disconnect() {}
    },
    ImageData: class {
      constructor(
        readonly data: unknown,
        readonly width: number,
        readonly height: number,
      ) {}
    },
    fetch: async (address: string, init: RequestInit = {}) => {
      asked.push(init.method ? `${init.method} ${address}` : address)
      const found = Object.entries(answers).find(([name]) => address.startsWith(`api/${name}`))
      if (!found) throw new TypeError('nobody answers')
      const [, answer] = found
      if (answer instanceof Error) return Response.json({ error: answer.message }, { status: 500 })
      return answer instanceof Uint8Array ? new Response(Buffer.from(answer)) : Response.json(answer)
    },
  })
  const { render } = await import('preact')
  const { act } = await import('preact/test-utils')
  const root = document.getElementById('page') as unknown as HTMLElement
  t.teardown(async () => {
    await act(() => render(null, root))
    restore()
  })
  /** Some turns, for answers of the server, which come as promises. */
  const does = async (work: () => unknown) => {
    await act(async () => {
      await work()
    })
    for (let turn = 0; turn < 3; turn++) await act(() => new Promise<void>((resolve) => setTimeout(resolve)))
  }
  const all = (selector: string) => [...root.querySelectorAll(selector)] as HTMLElement[]
  const only = (found: HTMLElement[], what: string): HTMLElement => {
    if (found.length === 1) return found[0]
    throw new Error(`${found.length} of ${what} in ${root.innerHTML}`)
  }
  const labelOf = (element: HTMLElement) =>
    element.getAttribute('aria-label') ?? (element.closest('label') ?? element).textContent?.trim() ?? ''
  const named = (name: string) =>
    only(
      all('button, input, select').filter(
        (element) => labelOf(element) === name || (element.tagName === 'SELECT' && labelOf(element).startsWith(name)),
      ),
      name,
    )
  const send = async (target: EventTarget, type: string, more: object = {}) => {
    const event = Object.assign(new window.Event(type, { bubbles: true, cancelable: true }) as Event, more)
    await does(() => target.dispatchEvent(event))
    return event
  }
  return {
    ...{ root, asked, answers, does, all, named, send },
    show: (what) => does(() => render(what, root)),
    one: (selector) => only(all(selector), selector),
    click: async (name) => void (await send(named(name), 'click')),
    key: (target, key, more = {}) => send(target, 'keydown', { key, ...more }),
    async enter(field, value) {
      // What is chosen in a list, linkedom does not know by itself.
      Object.defineProperty(field, 'value', { value, configurable: true, writable: true })
      await send(field, (field as HTMLInputElement).type === 'range' ? 'input' : 'change')
    },
    text: (selector) => (selector === undefined ? root : only(all(selector), selector)).textContent ?? '',
  }
}

/** @returns puts back what was there */
function replaceGlobals(values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  return () => {
    for (const [name, was] of before) {
      if (was) Object.defineProperty(globalThis, name, was)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
}
