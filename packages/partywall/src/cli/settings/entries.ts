/** Settings for people, and what the commands about them have in common. */
import type { SettingEntry } from '../../settings/settings-results.ts'
import { table } from '../terminal/table.ts'

export const revealFlag = ['--reveal', 'show secrets, too (default: *** in their place)'] as const

export function renderSettings(entries: readonly SettingEntry[]): string {
  return table(
    ['key', 'value', 'from'],
    entries.map(({ key, value, from, isSecret }) => [key, isSecret && value === '***' ? '***' : valueText(value), from]),
    () => false,
  )
}

/** Text as it is, unless it could be read as another value; so `set` takes what `get` shows. */
export function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  try {
    JSON.parse(value)
    return JSON.stringify(value)
  } catch {
    return value
  }
}
