/** Keys that mean something wherever the focus is, but where they mean something else. */
import { useEffect } from 'preact/hooks'

export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const act = keys[event.key]
      const { target } = event
      const taken =
        target instanceof HTMLElement && target.closest('input, select, textarea, [role=listbox], [role=application]')
      const ofButton = event.key === ' ' && target instanceof HTMLButtonElement
      if (!act || taken || ofButton || event.ctrlKey || event.altKey || event.metaKey) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })
}
