import type { Plan } from '../../src/api/schemas/billing.ts'
import type { AddressAnswer, SignedUp } from '../../src/api/schemas/sign-up.ts'
import { ApiError, getJson, sendJson, withQuery } from '../api/fetch.ts'
import { element, setError, showErrors } from './form.ts'
import { priceText } from './plans.ts'
import { addressFor } from './slug.ts'

const fields = ['company', 'address', 'name', 'plan', 'email', 'password'] as const
const form = element<HTMLFormElement>('sign-up')
const company = element<HTMLInputElement>('company')
const address = element<HTMLInputElement>('address')
const plan = element<HTMLSelectElement>('plan')
const hint = element('address-hint')
const button = form.querySelector('button')!

element('apex').textContent = `.${location.host}`
plan.append(new Option('Starter', 'starter'))
void getJson<{ items: Plan[] }>('/api/plans').then(({ items }) => {
  const wanted = new URLSearchParams(location.search).get('plan')
  plan.replaceChildren(
    ...items.map((each) => new Option(`${each.name}, ${priceText(each)} a month`, each.id, false, each.id === wanted)),
  )
  return undefined
})

// What the person typed there is kept; until then the address follows the name.
let isOwnAddress = false
company.addEventListener('input', () => {
  setError('company', undefined)
  if (isOwnAddress) return
  address.value = addressFor(company.value)
  checkSoon()
})
address.addEventListener('input', () => {
  isOwnAddress = address.value !== ''
  checkSoon()
})
for (const name of ['name', 'email', 'password']) element(name).addEventListener('input', () => setError(name, undefined))

let timer: ReturnType<typeof setTimeout> | undefined
let asking: AbortController | undefined

function checkSoon(): void {
  clearTimeout(timer)
  asking?.abort()
  setError('address', undefined)
  hint.className = 'ui-hint'
  hint.textContent = address.value === '' ? 'Letters, digits and hyphens.' : `${address.value}.${location.host}`
  if (address.value !== '') timer = setTimeout(() => void check(), 250)
}

async function check(): Promise<void> {
  asking = new AbortController()
  const asked = address.value
  try {
    const answer = await getJson<AddressAnswer>(withQuery('/api/sign-up/address', { address: asked }), asking.signal)
    if (asked !== address.value) return
    if (answer.isFree) {
      hint.className = 'ui-hint is-good'
      hint.textContent = `✓ ${answer.address}.${location.host} can be yours.`
    } else setError('address', answer.reason ?? 'This address is taken.')
  } catch {
    // The sign-up itself says what is wrong.
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (button.getAttribute('aria-disabled') !== 'true') void send()
})

async function send(): Promise<void> {
  setBusy(true)
  tell(undefined)
  try {
    const { enter } = await sendJson<SignedUp>('POST', '/api/sign-up', Object.fromEntries(new FormData(form)))
    location.href = enter
  } catch (error) {
    setBusy(false)
    const { code, message, errors } = error as ApiError
    const isAboutAddress = code === 'ADDRESS_TAKEN' || code === 'ADDRESS_RESERVED'
    showErrors(fields, isAboutAddress ? { address: message } : error instanceof ApiError ? errors : {})
    if (!isAboutAddress && code !== 'INVALID_REQUEST') tell(message)
  }
}

function setBusy(isBusy: boolean): void {
  button.classList.toggle('is-loading', isBusy)
  button.setAttribute('aria-disabled', String(isBusy))
}

function tell(message: string | undefined): void {
  const place = element('problem')
  place.textContent = message ?? ''
  place.hidden = message === undefined
}
