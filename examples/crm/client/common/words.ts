/** How states are called and coloured. */
import type { Tone } from '@partywall/ui'
import type { Stage } from '../../src/api/schemas/leads.ts'

export const stageNames: Readonly<Record<Stage, string>> = {
  new: 'New',
  contacted: 'Contacted',
  qualified: 'Qualified',
  proposal: 'Proposal',
  won: 'Won',
  lost: 'Lost',
}
export const stageTones: Readonly<Record<Stage, Tone>> = {
  new: 'neutral',
  contacted: 'info',
  qualified: 'info',
  proposal: 'warn',
  won: 'good',
  lost: 'bad',
}
export const projectTones: Readonly<Record<string, Tone>> = { planned: 'neutral', active: 'info', done: 'good', cancelled: 'bad' }
export const customerTones: Readonly<Record<string, Tone>> = { active: 'good', inactive: 'neutral' }

/** `active` becomes `Active`. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function optionsOf<T extends string>(values: readonly T[]): { value: T; label: string }[] {
  return values.map((value) => ({ value, label: capital(value) }))
}
