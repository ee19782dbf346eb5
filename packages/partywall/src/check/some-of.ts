/** Tenants in a sentence: the first ones, and how many more there are. */
export function someOf(schemas: readonly string[]): string {
  const shown = schemas.slice(0, most).map((schema) => JSON.stringify(schema))
  const rest = schemas.length > most ? ` and ${schemas.length - most} more` : ''
  return `${schemas.length === 1 ? 'the tenant' : `${schemas.length} tenants`} ${shown.join(', ')}${rest}`
}

const most = 10
