import type { Plan } from '../../src/api/schemas/billing.ts'
import { getJson } from '../api/fetch.ts'
import { element } from './form.ts'
import { limitTexts, priceText } from './plans.ts'

const list = element('plans')
try {
  const { items, trialDays } = await getJson<{ items: Plan[]; trialDays: number }>('/api/plans')
  element('trial').textContent = `The first ${trialDays} days are free, without a card.`
  list.replaceChildren(...items.map((plan, index) => card(plan, index === 1)))
} catch {
  list.textContent = 'The prices cannot be read at the moment. Please load the page again.'
}
list.setAttribute('aria-busy', 'false')

function card(plan: Plan, isMiddle: boolean): HTMLElement {
  const price = made('p', 'plan-price', priceText(plan))
  price.append(made('span', 'plan-per', ' a month'))
  const limits = made('ul', 'plan-limits')
  limits.append(...limitTexts(plan.limits).map((text) => made('li', '', text)))
  const link = made('a', `ui-button ${isMiddle ? 'is-primary' : 'is-plain'}`, `Try ${plan.name}`)
  link.setAttribute('href', `/sign-up?plan=${encodeURIComponent(plan.id)}`)
  const box = made('article', `plan ${isMiddle ? 'is-middle' : ''}`)
  box.append(made('h2', 'plan-name', plan.name), made('p', 'plan-text', plan.description), price, limits, link)
  return box
}

function made(tag: string, className: string, text = ''): HTMLElement {
  const node = document.createElement(tag)
  node.className = className
  node.textContent = text
  return node
}
