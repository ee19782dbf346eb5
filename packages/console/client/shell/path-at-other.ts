/** The same page at another tenant: `/t/acme/tables/users` becomes `/t/globex/tables/users`. From a page of no tenant it is the page of the tenant. */
export function pathAtOther(path: string, schema: string): string {
  const [, rest] = /^\/t\/[^/]+(\/.*)?$/.exec(path) ?? []
  return `/t/${encodeURIComponent(schema)}${rest ?? ''}`
}
