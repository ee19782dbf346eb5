/** The name of the setting that SET or RESET changes. PostgreSQL finds a setting whatever its case, also when the name is quoted. */
import type { Fields } from './grammar.ts'

export function settingName({ name }: Fields): string {
  return String(name ?? '').toLowerCase()
}
