import { printable } from './table.ts'

/** `a, b and 3 more`: names for people, as many as can be read. */
export function listed(names: readonly string[], most = 20): string {
  const shown = names.slice(0, most).map(printable).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}
