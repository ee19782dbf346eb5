/** Leads to the sign-in of a company, which is at its own host: accounts are in its own schema, so this page could not know them. */
import type { AddressAnswer } from '../../src/api/schemas/sign-up.ts'
import { getJson, withQuery } from '../api/fetch.ts'
import { element, setError } from './form.ts'

const form = element<HTMLFormElement>('sign-in')
const address = element<HTMLInputElement>('address')
element('apex').textContent = `.${location.host}`
address.addEventListener('input', () => setError('address', undefined))

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void go()
})

async function go(): Promise<void> {
  const label = address.value.trim().toLowerCase().split('.')[0]!
  // Only a label: nothing that is typed here may lead to another site.
  if (!/^[a-z][a-z0-9-]*$/.test(label)) return refuse('Type the first part of the address, such as acme.')
  try {
    const { isFree } = await getJson<AddressAnswer>(withQuery('/api/sign-up/address', { address: label }))
    if (isFree) return refuse(`There is no company at ${label}.${location.host}.`)
  } catch {
    // The host itself says whether it exists.
  }
  location.href = `${location.protocol}//${label}.${location.host}/sign-in`
}

function refuse(message: string): void {
  setError('address', message)
  address.focus()
}
