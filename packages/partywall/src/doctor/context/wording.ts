/** How findings name tenants and amounts: the first of many, and how many there are. */

/** Rows about many tenants come from SQL as their number and the first of their schemas. */
export interface SomeTenants {
  readonly tenants: number
  readonly schemas: readonly string[]
}

/** The columns of SomeTenants, for a grouped query in which `schema` is the schema of a tenant. */
export function someTenantsSql(schema = 'tenant.schema'): string {
  return `count(distinct ${schema})::integer as tenants, (array_agg(distinct ${schema}::text order by ${schema}::text))[1:${mostNamed}] as schemas`
}

export function someTenants(schemas: readonly string[]): SomeTenants {
  return { tenants: schemas.length, schemas: schemas.slice(0, mostNamed) }
}

/** `the tenant "acme"`; `12 tenants ("acme", "bolt" and 10 more)`. */
export function tenantsText({ tenants, schemas }: SomeTenants): string {
  if (tenants === 1) return `the tenant ${JSON.stringify(schemas[0])}`
  return `${count(tenants)} tenants (${listOf(schemas, tenants)})`
}

/** `"a", "b" and 10 more`. */
export function listOf(names: readonly string[], all = names.length): string {
  const shown = names.slice(0, mostNamed).map((name) => JSON.stringify(name))
  return all > shown.length ? `${shown.join(', ')} and ${count(all - shown.length)} more` : shown.join(', ')
}

/** The field of a finding that is about one tenant alone. */
export function onlyTenant({ tenants, schemas }: SomeTenants): { readonly tenant?: string } {
  return tenants === 1 ? { tenant: schemas[0]! } : {}
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 table`, `2 tables`. */
export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`
}

export function mebibytes(bytes: number): string {
  return `${count(Math.round(bytes / 2 ** 20))} MiB`
}

const mostNamed = 5

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
