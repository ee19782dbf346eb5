/**
 * The names of what attacks make. Each has a number that cannot be guessed and that begins with the time it was made at, so a later run finds what a killed
 * process has left, and touches nothing else.
 */
import { randomBytes } from 'node:crypto'

const prefix = 'partywall_attack_'

/** An id of a tenant, in the form of a uuid of version 7: it begins with the milliseconds. */
export function newId(now = Date.now()): string {
  const hex = `${now.toString(16).padStart(12, '0')}7${randomBytes(10).toString('hex').slice(1)}`
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}

/** The schema of the throw-away tenant with this id. */
export function schemaOf(id: string): string {
  return `${prefix}${id.replaceAll('-', '')}`
}

/** What `schemaOf` makes, as a regular expression of PostgreSQL. Objects in the shared schema have an ending behind it. */
export const namesOfAttacks = `^${prefix}[0-9a-f]{12}7[0-9a-f]{3}8[0-9a-f]{15}`

/** The id in a name that matches, and when it was made. */
export function madeWith(name: string): { readonly id: string; readonly at: number } {
  const hex = name.slice(prefix.length, prefix.length + 32)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return { id: parts.join('-'), at: Number.parseInt(hex.slice(0, 12), 16) }
}
