import { sentence } from '../common/sentence.ts'

/** Errors at the fields of a form that is plain HTML: `<p class="ui-error" id="<name>-error">` takes the sentence. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`This page has no element ${id}.`)
  return found as T
}

export function setError(name: string, message: string | undefined): void {
  const input = element<HTMLInputElement>(name)
  const place = element(`${name}-error`)
  place.textContent = message === undefined ? '' : sentence(message)
  place.hidden = message === undefined
  if (message === undefined) input.removeAttribute('aria-invalid')
  else input.setAttribute('aria-invalid', 'true')
  const hint = document.getElementById(`${name}-hint`)
  input.setAttribute(
    'aria-describedby',
    [...(hint === null ? [] : [hint.id]), ...(message === undefined ? [] : [place.id])].join(' '),
  )
}

/** The first field that is wrong gets the focus. */
export function showErrors(names: readonly string[], errors: Readonly<Record<string, string>>): void {
  for (const name of names) setError(name, errors[name])
  const first = names.find((name) => errors[name] !== undefined)
  if (first !== undefined) element(first).focus()
}
