/** The page: what every view has around it. */
import { useEffect, useState } from 'preact/hooks'
import type { Session } from '../api/routes.js'
import { Announcer } from './announcer.js'
import { session as askSession, recent } from './api.js'
import { Back } from './back.js'
import { Live } from './live.js'
import { type MaskMode, maskModes } from './mask.js'
import { Notice } from './notice.js'
import { hashOf, type Place, readPlace } from './place.js'
import { feed } from './shared.js'
import { zoneName } from './time.js'

const maskWords: Record<MaskMode, string> = { things: 'Mask: things', all: 'Mask: everything', none: 'Mask: off' }

export function App() {
  const [place, setPlace] = useState<Place>(() => readPlace(location.hash))
  const [mask, setMask] = useState<MaskMode>('things')
  const [session, setSession] = useState<Session>()
  const [fault, setFault] = useState<string>()
  useEffect(() => {
    const moved = () => setPlace(readPlace(location.hash))
    addEventListener('hashchange', moved)
    askSession().then(setSession, (error) => setFault(error.message))
    // Without them the list begins empty.
    recent().then(
      (events) => feed.begin(events),
      () => {},
    )
    return () => removeEventListener('hashchange', moved)
  }, [])
  const go = (change: Partial<Place>, replace = false) => {
    const next = { ...place, ...change }
    const hash = hashOf(next)
    if (replace) history.replaceState(null, '', hash)
    else if (hash !== location.hash) history.pushState(null, '', hash)
    setPlace(next)
  }
  return (
    <>
      <header>
        <h1>
          <a class="brand" href={hashOf({ view: 'live', utc: place.utc })}>
            <img src="icon.svg" alt="" width="24" height="24" />
            blindsight
          </a>
        </h1>
        <nav aria-label="Views">
          {(['live', 'back'] as const).map((view) => (
            <button
              key={view}
              type="button"
              aria-current={place.view === view ? 'page' : undefined}
              onClick={() => go({ view, ...(view === 'back' && place.at === undefined ? { at: Date.now() } : {}) })}
            >
              {view === 'live' ? 'Live' : 'Look back'}
            </button>
          ))}
        </nav>
        <div class="settings">
          <button type="button" onClick={() => setMask(maskModes[(maskModes.indexOf(mask) + 1) % maskModes.length])}>
            {maskWords[mask]}
          </button>
          <button
            type="button"
            aria-pressed={place.utc}
            title="Local time or UTC"
            onClick={() => go({ utc: !place.utc }, true)}
          >
            {zoneName(place.at ?? Date.now(), place.utc)}
          </button>
        </div>
      </header>
      <Notice fault={fault} />
      <main>{place.view === 'live' ? <Live {...{ place, mask, go }} /> : <Back {...{ place, mask, go }} />}</main>
      <footer>
        {session && (
          <p>
            Pictures are reconstructed here, in this browser, from bitstreams of {session.place}, by{' '}
            <b>{session.who}</b> ({session.address}). Each view is written down. They are what a network makes of a few
            hundred bytes, no photographs.
          </p>
        )}
      </footer>
      <Announcer utc={place.utc} />
    </>
  )
}
