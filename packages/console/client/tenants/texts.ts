/** How facts about tenants are said. */
import type { Tone } from '@partywall/ui'
import type { ActivityAnswer, HeadAnswer, Status } from '../../src/tenants/api.ts'

const tones: Record<Status, Tone> = {
  pending: 'info',
  provisioning: 'info',
  active: 'good',
  suspended: 'warn',
  maintenance: 'warn',
  archived: 'neutral',
  deleting: 'bad',
  failed: 'bad',
}

export const toneOf = (status: string): Tone => tones[status as Status] ?? 'neutral'

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let at = 0
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`
}

export function timeText(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const steps = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

function agoText(iso: string): string {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000
  const step = steps.find(([, size]) => Math.abs(seconds) >= size)
  return step === undefined ? 'just now' : relative.format(Math.round(seconds / step[1]), step[0])
}

export function activityText({ what, at }: ActivityAnswer): string {
  return what === 'used' ? `used ${agoText(at)}` : `${what.replaceAll(/[._]/g, ' ')} ${agoText(at)}`
}

export function headText({ name, problem, pending, ahead }: HeadAnswer): { readonly text: string; readonly tone: Tone } {
  if (problem !== undefined) return { text: 'needs a person', tone: 'bad' }
  if (pending > 0) return { text: `${pending} behind`, tone: 'warn' }
  if (ahead > 0) return { text: `${ahead} ahead`, tone: 'info' }
  return { text: name ?? 'no migrations', tone: 'neutral' }
}
