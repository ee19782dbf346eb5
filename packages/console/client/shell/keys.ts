/** Keys that work on every page: `/` goes to the search of the page, or to the choice of a tenant. */
import { onScopeDispose } from 'vue'

export function useKeys(): void {
  addEventListener('keydown', onKey)
  onScopeDispose(() => removeEventListener('keydown', onKey))
}

function onKey(event: KeyboardEvent): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  const field = document.querySelector<HTMLInputElement>('main input[type="search"], .console-selector input:not([disabled])')
  if (field === null) return
  event.preventDefault()
  field.focus()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName))
}
