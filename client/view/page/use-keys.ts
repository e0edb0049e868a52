/** Keys that mean something wherever the focus is, but where they mean something else. */
import { useEffect } from 'preact/hooks'

/** What a key does here; with Ctrl, Alt or Meta it is the browser's. */
export const actOf = <Act>(keys: Readonly<Record<string, Act>>, press: KeyboardEvent): Act | undefined =>
  press.ctrlKey || press.altKey || press.metaKey ? undefined : keys[press.key]

export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const act = actOf(keys, event)
      const { target } = event
      const taken =
        target instanceof HTMLElement && target.closest('input, select, textarea, [role=listbox], [role=application]')
      const ofButton = event.key === ' ' && target instanceof HTMLButtonElement
      if (!act || taken || ofButton) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })
}
